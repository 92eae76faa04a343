import type { ImageFacts } from '../image/facts.ts';
import { type Profile, profileOf } from './profiles.ts';
import { CHECKS } from './table.ts';
import type { BuildFacts, Check, Context, Outcome, Severity, StreamFacts } from './types.ts';
import type { Waiver } from './waivers.ts';

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
  platform?: string | null;
  previousBytes?: number | null;
}

export interface Finding {
  number: number;
  id: string;
  title: string;
  severity: Severity;
  status: 'pass' | 'fail' | 'waived' | 'not-applicable';
  found: string;
  why: string;
  fix: string;
  /** Who waived it, why and until when. */
  waiver?: Waiver;
}

export interface Verdict {
  /** No blocker fails. */
  passed: boolean;
  profile: string;
  baseImage: string | null;
  findings: Finding[];
  counts: {
    pass: number;
    blocker: number;
    major: number;
    warning: number;
    waived: number;
    notApplicable: number;
  };
}

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
    platform: options.platform ?? null,
    previousBytes: options.previousBytes ?? null,
  };
  const today = (options.now ?? new Date()).toISOString().slice(0, 10);
  const findings = CHECKS.map((check) =>
    finding(check, outcome(check, facts, context), profile, options.waivers ?? [], today),
  );
  return verdictOf(findings, profile.id, context.baseImage);
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

/** Checks that speak of the archive itself: they alone can judge one that breaks off. */
const OF_THE_ARCHIVE = new Set(['stream-whole', 'member-names']);

function outcome(check: Check, facts: ImageFacts, context: Context): Outcome {
  const exempt = context.profile.exempt[check.id];
  if (exempt !== undefined) return { status: 'not-applicable', found: exempt };
  const whole = facts.archive.whole && context.stream?.whole !== false;
  if (!whole && !OF_THE_ARCHIVE.has(check.id))
    return { status: 'not-applicable', found: 'the archive could be read in part only (see stream-whole)' };
  const unread = check.reads && facts.unread.filter((u) => check.reads!.test(u.path));
  if (unread && unread.length > 0)
    return {
      status: 'fail',
      found: `could not be looked at: ${unread.map((u) => `/${u.path}: ${u.why}`).join('; ')}`,
    };
  return check.evaluate(facts, context);
}

function finding(
  check: Check,
  result: Outcome,
  profile: Profile,
  waivers: readonly Waiver[],
  today: string,
): Finding {
  const severity =
    (result.status === 'fail' ? result.severity : undefined) ?? profile.severity[check.id] ?? check.severity;
  const base = {
    number: check.number,
    id: check.id,
    title: check.title,
    severity,
    status: result.status,
    found: result.found,
    why: check.why,
    fix: check.fix,
  };
  const waiver = result.status === 'fail' ? waivers.find((w) => w.check === check.id) : undefined;
  if (!waiver) return base;
  if (waiver.until < today)
    return {
      ...base,
      found: `${result.found} (the waiver for "${waiver.reason}" ended on ${waiver.until})`,
      waiver,
    };
  return {
    ...base,
    status: 'waived',
    found: `${result.found} (waived until ${waiver.until}: ${waiver.reason})`,
    waiver,
  };
}
