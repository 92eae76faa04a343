import type { ImageFacts } from '../facts/facts.ts';
import type { Severity } from '../facts/severity.ts';
import type { StreamFacts } from '../read/image-reader.ts';
import type { ProbedSource } from './probe-sources.ts';
import type { Profile } from './profiles.ts';

export type { Severity } from '../facts/severity.ts';

/** Facts that only the build can know. */
export interface BuildFacts {
  /** `guest`: the machine that made the file system read it while it was mounted. */
  pack?: 'guest' | 'packer-maas';
  /** The output of e2fsck or dumpe2fs for a disk that was read from outside. */
  fileSystem?: 'clean' | 'dirty';
}

/** Everything a check may look at beside the facts. */
export interface Context {
  profile: Profile;
  /** os/series as MAAS has it, in lower case. */
  baseImage: string | null;
  stream: StreamFacts | null;
  build: BuildFacts | null;
  /** The machines have no archive to fetch from. */
  offline: boolean;
  /** As MAAS gets it, such as amd64/generic; null where nobody says it. */
  architecture: string | null;
  /** Platform that the image is for. */
  platform: string | null;
  /** Packages that the release installs on the platform; null: that is not known. */
  packages: readonly string[] | null;
  /** The release before, to compare the size with: bytes of its files. */
  previousBytes: number | null;
  /** The answers of the image's archives to this host; null: they were not asked. */
  archives: readonly ProbedSource[] | null;
}

/** One thing that a check found. */
export interface Item {
  /**
   * The name for waivers, the same in every build: a path, an account, a package; without line numbers, versions or sums.
   * Empty when the check finds one thing only.
   */
  subject: string;
  text: string;
  /** The severity, if it differs from the check's. */
  severity?: Severity;
}

export type Outcome =
  | { status: 'pass'; found: string }
  | { status: 'fail'; items: readonly Item[]; severity?: Severity; wrong?: string }
  | { status: 'not-applicable'; found: string };

/** One check, as data: a row of the table that `dgxos-maas checks` prints. */
export interface Check {
  number: number;
  id: string;
  title: string;
  severity: Severity;
  /** The failure that it prevents: the function of curtin or MAAS, or the report of somebody it happened to. */
  why: string;
  /** The remedy. */
  fix: string;
  /** The problem when it fails, before the findings, where these are not sentences by themselves. */
  wrong?: string;
  /** Members of `facts.unread` that leave the check without an answer. */
  reads?: RegExp;
  evaluate(facts: ImageFacts, context: Context): Outcome;
}

export const pass = (found: string): Outcome => ({ status: 'pass', found });
/** A failed check: one finding in words, or one item for each thing found, so that each can be waived by itself. */
export const fail = (found: string | readonly Item[], severity?: Severity): Outcome => ({
  status: 'fail',
  items: typeof found === 'string' ? [{ subject: '', text: found }] : found,
  severity,
});
/** Fails with the items, or passes with the text when there are none. */
export const failOr = (items: readonly Item[], found: string, severity?: Severity): Outcome =>
  items.length > 0 ? fail(items, severity) : pass(found);
export const notApplicable = (found: string): Outcome => ({ status: 'not-applicable', found });

/** "a, b, c and 4 more". */
export function several(examples: readonly string[], count = examples.length, most = 5): string {
  const shown = examples.slice(0, most);
  const rest = count - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

/** "/etc/x:3: text", several of them. */
export function places(lines: readonly { file: string; line: number; text: string }[]): string {
  return several(lines.map((l) => `${l.file}:${l.line}: ${l.text}`));
}
