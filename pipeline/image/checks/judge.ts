import {
  count,
  flag,
  list,
  number,
  object,
  oneOf,
  orNull,
  type Shape,
  text,
} from '../../host/files/shape.ts';
import type { ImageFacts } from '../facts/facts.ts';
import type { StreamFacts } from '../read/image-reader.ts';
import type { ProbedSource } from './probe-sources.ts';
import { type Profile, profileOf } from './profiles.ts';
import { CHECKS } from './table.ts';
import {
  type BuildFacts,
  type Check,
  type Context,
  fail,
  type Item,
  type Outcome,
  type Severity,
  several,
} from './types.ts';
import { type Waiver, waives } from './waivers.ts';

export interface JudgeOptions {
  /** A profile or its id. */
  profile: string | Profile;
  baseImage?: string | null;
  waivers?: readonly Waiver[];
  /** The day that waivers are measured by; now by default. */
  now?: Date;
  stream?: StreamFacts | null;
  buildFacts?: BuildFacts | null;
  offline?: boolean;
  architecture?: string | null;
  platform?: string | null;
  /** Of `requiredPackages`. */
  packages?: readonly string[] | null;
  previousBytes?: number | null;
  /** Of `probeSources`. */
  archives?: readonly ProbedSource[] | null;
}

export interface Finding {
  number: number;
  id: string;
  title: string;
  severity: Severity;
  status: 'pass' | 'fail' | 'waived' | 'not-applicable';
  found: string;
  /** The finding of a check that fails, in one sentence; of one that passes its title. Records of earlier versions have none. */
  headline?: string;
  why: string;
  fix: string;
  /** The findings, each by its subject, of a check that fails or was waived. At most MOST_ITEMS. */
  items?: FoundItem[];
  /** The waiver; of several the first. */
  waiver?: Waiver;
}

/** One thing that was found, as a report has it. */
export interface FoundItem {
  subject: string;
  severity: Severity;
  text: string;
  waived: boolean;
}

/** Items kept of one check; the rest are counted. */
const MOST_ITEMS = 50;
/** Items that a line of text names. */
const MOST_IN_TEXT = 8;

export interface Verdict {
  /** No blocker fails. */
  passed: boolean;
  profile: string;
  baseImage: string | null;
  findings: Finding[];
  /** Problems of the waivers themselves: too wide, or without anything to waive. */
  notes?: string[];
  counts: {
    pass: number;
    blocker: number;
    major: number;
    warning: number;
    waived: number;
    notApplicable: number;
  };
}

const WAIVER: Shape<Waiver> = object({ check: text, reason: text, until: text }, { finding: text });
const SEVERITY = oneOf<Severity>('blocker', 'major', 'warning');

/** A verdict as it is kept. */
export const VERDICT: Shape<Verdict> = object(
  {
    passed: flag,
    profile: text,
    baseImage: orNull(text),
    findings: list<Finding>(
      object(
        {
          number,
          id: text,
          title: text,
          severity: SEVERITY,
          status: oneOf('pass', 'fail', 'waived', 'not-applicable'),
          found: text,
          why: text,
          fix: text,
        },
        {
          items: list(object({ subject: text, severity: SEVERITY, text, waived: flag })),
          waiver: WAIVER,
        },
      ),
    ),
    counts: object({
      pass: count,
      blocker: count,
      major: count,
      warning: count,
      waived: count,
      notApplicable: count,
    }),
  },
  { notes: list(text) },
);

/**
 * Judges an image by its facts. Every check gets a finding, and none passes for want of evidence: what could not be looked at is
 * not applicable with a reason, or fails where the missing file is part of the image.
 * @throws Fault USAGE for an unknown profile
 */
export function judge(facts: ImageFacts, options: JudgeOptions): Verdict {
  const profile = typeof options.profile === 'string' ? profileOf(options.profile) : options.profile;
  const context: Context = {
    profile,
    baseImage: options.baseImage?.toLowerCase() ?? profile.baseImage,
    stream: options.stream ?? null,
    build: options.buildFacts ?? null,
    offline: options.offline ?? false,
    architecture: options.architecture ?? null,
    platform: options.platform ?? null,
    packages: options.packages ?? null,
    previousBytes: options.previousBytes ?? null,
    archives: options.archives ?? null,
  };
  const today = (options.now ?? new Date()).toISOString().slice(0, 10);
  const findings = CHECKS.map((check) =>
    finding(check, outcome(check, facts, context), profile, options.waivers ?? [], today),
  );
  const verdict = verdictOf(findings, profile.id, context.baseImage);
  const notes = waiverNotes(findings, options.waivers ?? [], today);
  return notes.length > 0 ? { ...verdict, notes } : verdict;
}

/** The verdict of findings, whatever they were found on: every report shows it alike. */
export function verdictOf(findings: Finding[], profile: string, baseImage: string | null): Verdict {
  const failed = (severity: Severity) =>
    findings.filter((f) => f.status === 'fail' && f.severity === severity).length;
  const having = (status: Finding['status']) => findings.filter((f) => f.status === status).length;
  return {
    passed: failed('blocker') === 0,
    profile,
    baseImage,
    findings,
    counts: {
      pass: having('pass'),
      blocker: failed('blocker'),
      major: failed('major'),
      warning: failed('warning'),
      waived: having('waived'),
      notApplicable: having('not-applicable'),
    },
  };
}

/** The beginning of a row on a check: the finding where something is wrong, else the title. */
export function headlineOf({ status, headline, title, found }: Finding): string {
  return status === 'fail' || status === 'waived' ? (headline ?? found) : title;
}

/** Checks that speak of the archive itself: they alone can judge one that breaks off. */
const OF_THE_ARCHIVE = new Set(['stream-whole', 'member-names']);

function outcome(check: Check, facts: ImageFacts, context: Context): Outcome {
  const exempt = context.profile.exempt[check.id];
  if (exempt !== undefined) return { status: 'not-applicable', found: exempt };
  const whole = facts.archive.whole && context.stream?.whole !== false;
  if (!whole && !OF_THE_ARCHIVE.has(check.id))
    return { status: 'not-applicable', found: 'only a part of the archive could be read (see stream-whole)' };
  const unread = check.reads && facts.unread.filter((u) => check.reads!.test(u.path));
  if (unread && unread.length > 0)
    return fail(
      unread.map((u) => ({
        subject: `/${u.path}`,
        text: `/${u.path} could not be checked: ${u.why}`,
      })),
    );
  const result = check.evaluate(facts, context);
  return result.status === 'fail' && check.wrong ? { wrong: check.wrong, ...result } : result;
}

function finding(
  check: Check,
  result: Outcome,
  profile: Profile,
  waivers: readonly Waiver[],
  today: string,
): Finding {
  const usual = profile.severity[check.id] ?? check.severity;
  const base = { number: check.number, id: check.id, title: check.title, why: check.why, fix: check.fix };
  if (result.status !== 'fail')
    return { ...base, severity: usual, status: result.status, found: result.found };
  const own = waivers.filter((w) => w.check === check.id);
  const live = own.filter((w) => w.until >= today);
  const judged = result.items.map((item) => ({
    item,
    severity: item.severity ?? result.severity ?? usual,
    waiver: live.find((w) => waives(w, item.subject)),
  }));
  const open = judged.filter((j) => j.waiver === undefined);
  const waived = judged.filter((j) => j.waiver !== undefined);
  const ended = own.find((w) => w.until < today && open.some(({ item }) => waives(w, item.subject)));
  const counted = open.length > 0 ? open : waived;
  const worst = (['blocker', 'major', 'warning'] as const).find((s) => counted.some((j) => j.severity === s));
  const lead = result.wrong === undefined ? '' : `${result.wrong}: `;
  const said = [lead + inWords(counted.map((j) => j.item))];
  if (ended) said.push(`(the waiver for "${ended.reason}" ended on ${ended.until})`);
  for (const { until, reason } of new Set(waived.map((j) => j.waiver!))) {
    const own = waived.filter((j) => j.waiver!.reason === reason && j.waiver!.until === until);
    const what = open.length > 0 ? `${inWords(own.map((j) => j.item))}: ` : '';
    said.push(`(${what}waived until ${until}: ${reason})`);
  }
  const waiver = open.length > 0 ? ended : waived[0]?.waiver;
  return {
    ...base,
    severity: worst ?? usual,
    status: open.length > 0 ? 'fail' : 'waived',
    found: said.join(' '),
    headline: lead
      ? lead + inWords(counted.map((j) => j.item))
      : firstOf(
          counted.filter((j) => j.severity === worst),
          counted.length,
        ),
    items: [...open, ...waived].slice(0, MOST_ITEMS).map(({ item, severity, waiver }) => ({
      subject: item.subject,
      severity,
      text: item.text,
      waived: waiver !== undefined,
    })),
    ...(waiver ? { waiver } : {}),
  };
}

/** The first of the worst, and how many there are besides. */
function firstOf(worst: readonly { item: Item }[], all: number): string {
  const text = worst[0]?.item.text ?? '';
  return all > 1 ? `${text} (and ${all - 1} more)` : text;
}

function inWords(items: readonly Item[]): string {
  const texts = items.map((item) => item.text);
  if (texts.length <= MOST_IN_TEXT) return texts.join('; ');
  return `${texts.slice(0, MOST_IN_TEXT).join('; ')} and ${texts.length - MOST_IN_TEXT} more`;
}

/** Notes on the waivers themselves: one that names no finding hides what comes later, and one may have nothing left to waive. */
function waiverNotes(findings: readonly Finding[], waivers: readonly Waiver[], today: string): string[] {
  return waivers.flatMap((waiver) => {
    if (waiver.until < today) return [];
    const found = findings.find((f) => f.id === waiver.check);
    if (waiver.finding === undefined) {
      const subjects = [...new Set(found?.items?.map((i) => i.subject).filter((s) => s !== ''))];
      if (subjects.length === 0) return [];
      return [
        `The waiver of "${waiver.check}" names no finding and waives everything that the check finds. Narrow it to: ${several(
          subjects.map((s) => `finding: ${JSON.stringify(s)}`),
        )}`,
      ];
    }
    return found?.items?.some((i) => waives(waiver, i.subject))
      ? []
      : [`The waiver of "${waiver.check}" for "${waiver.finding}" has nothing to waive here.`];
  });
}
