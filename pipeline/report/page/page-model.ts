import { basename } from 'node:path';
import { bytes } from '../../core/text/human.ts';
import type { Finding } from '../../image/checks/judge.ts';
import { failures } from '../../image/checks/phrases.ts';
import type { ImageFacts } from '../../image/facts/facts.ts';
import { type ShownAcceptance, shownAcceptance } from './acceptance.ts';
import { type ChangesSince, changesSince } from './changes.ts';
import type { Material } from './material.ts';
import { type Outcome, outcome } from './outcome.ts';
import type { Previous } from './previous.ts';
import { type Provenance, provenance } from './provenance.ts';
import { type ShownRehearsal, shownRehearsal } from './rehearsal.ts';
import { type Group, sizeTree } from './size-tree.ts';
import { shownTime } from './time.ts';
import { type StageBar, timeline } from './timeline.ts';
import { type Cell, NARROW, treemap, WIDE } from './treemap.ts';

/** Everything the page shows, as text; the templates only place it. */
export interface PageModel {
  image: string;
  subtitle: string;
  generated: string;
  generator: string;
  outcome: Outcome;
  figures: { name: string; value: string; note: string }[];
  checks: { failed: Finding[]; waived: Finding[]; passed: Finding[]; notApplicable: Finding[] } | null;
  changes: ChangesSince | null;
  sizes: {
    total: string;
    groups: { path: string; bytes: string; part: string; leaves: { path: string; bytes: string }[] }[];
    /** The same map for wide and for narrow screens. */
    wide: Cell[];
    narrow: Cell[];
    biggest: { path: string; bytes: string }[];
  } | null;
  timeline: { total: string; bars: StageBar[] };
  provenance: Provenance;
  rehearsals: ShownRehearsal[];
  acceptances: ShownAcceptance[];
  console: string[];
}

export interface PageContext {
  previous: Previous;
  now: Date;
  /** Version of this program. */
  version: string;
}

const MOST_FILES = 20;

/** The page of one image. */
export function pageModel(material: Material, { previous, now, version }: PageContext): PageModel {
  const { manifest, verdict, facts } = material;
  const image = manifest?.image ?? basename(material.imageDir);
  const of = (status: Finding['status']) => verdict!.findings.filter((f) => f.status === status);
  const line = timeline(material);
  return {
    image,
    subtitle: [
      facts?.osRelease?.name,
      manifest?.release && `release ${manifest.release}`,
      manifest?.platform && `platform ${manifest.platform}`,
      manifest?.version && `version ${manifest.version}`,
    ]
      .filter(Boolean)
      .join(' · '),
    generated: shownTime(now.toISOString()),
    generator: `dgxos-maas ${version}`,
    outcome: outcome(material),
    figures: figures(material, line.total),
    checks: verdict && {
      failed: failures(verdict),
      waived: of('waived'),
      passed: of('pass'),
      notApplicable: of('not-applicable'),
    },
    changes: facts && changesSince(material, previous),
    sizes: hasSizes(facts) ? sizes(facts) : null,
    timeline: line,
    provenance: provenance(material),
    rehearsals: material.rehearsals.map(shownRehearsal),
    acceptances: material.acceptances.map((one) => shownAcceptance(one.result, one.tails)),
    console: material.console,
  };
}

type WithSizes = Pick<ImageFacts, 'directories' | 'biggest' | 'bytes' | 'counts'>;

function hasSizes(facts: Partial<ImageFacts> | null): facts is Partial<ImageFacts> & WithSizes {
  return Boolean(
    facts?.directories && facts.biggest && facts.counts && facts.bytes && facts.bytes.stored > 0,
  );
}

function sizes(facts: WithSizes): NonNullable<PageModel['sizes']> {
  const groups = sizeTree(facts);
  const total = facts.bytes.stored;
  const sized = ({ path, bytes: count }: { path: string; bytes: number }) => ({ path, bytes: bytes(count) });
  return {
    total: `${bytes(total)} in ${thousands(facts.counts.files)} files`,
    groups: groups.map((group: Group) => ({
      ...sized(group),
      part: `${((group.bytes / total) * 100).toFixed(1)} %`,
      leaves: group.leaves.map(sized),
    })),
    wide: treemap(groups, WIDE),
    narrow: treemap(groups, NARROW),
    biggest: facts.biggest.slice(0, MOST_FILES).map((file) => sized({ ...file, path: `/${file.path}` })),
  };
}

/** The few numbers under the verdict. */
function figures({ facts, records, verdict }: Material, total: string): PageModel['figures'] {
  const list: PageModel['figures'] = [];
  const size = records.pack?.data.artifact.size;
  if (size !== undefined)
    list.push({
      name: 'Artifact',
      value: bytes(size),
      note: facts?.bytes ? `${bytes(facts.bytes.stored)} unpacked` : '',
    });
  if (verdict) {
    const judged = verdict.findings.length - verdict.counts.notApplicable;
    list.push({
      name: 'Checks passed',
      value: `${verdict.counts.pass} of ${judged}`,
      note: `${verdict.counts.notApplicable} not applicable`,
    });
  }
  if (facts?.packages)
    list.push({
      name: 'Packages',
      value: thousands(facts.packages.length),
      note: facts.counts ? `${thousands(facts.counts.files)} files` : '',
    });
  if (facts?.kernels) {
    const started = facts.boot?.defaultKernel?.version ?? facts.kernels[0]?.version;
    const others = facts.kernels.length - 1;
    list.push({
      name: 'Kernel',
      value: started ?? 'none',
      note: others > 0 ? `and ${others} more` : '',
    });
  }
  if (Object.keys(records).length > 0) list.push({ name: 'Time', value: total, note: 'all stages together' });
  return list;
}

const thousands = (count: number) => count.toLocaleString('en');
