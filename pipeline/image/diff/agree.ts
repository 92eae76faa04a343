import { isDeepStrictEqual } from 'node:util';
import type { ImageDiff } from './compare.ts';
import type { Compared } from './description.ts';
import type { Part } from './part.ts';

/** One of two images: what its manifest says, and what was found in the members that the other one has not. */
export interface Side {
  stated: Compared;
  part: Part;
}

/**
 * Whether two manifests differ in exactly what was found in the members that differ. Where that cannot be decided without the other members, they do not
 * agree.
 * @param stated the comparison of the manifests
 * @param found the comparison of what was found
 */
export function agree(before: Side, after: Side, stated: ImageDiff, found: ImageDiff): boolean {
  return (
    stated.notCompared.length === 0 &&
    isDeepStrictEqual(grown(stated), grown(found)) &&
    [before, after].every(listsFound) &&
    listsShared(before, after) &&
    listsShared(after, before) &&
    samePackages(before, after, stated, found) &&
    sameAccounts(before, after, stated, found) &&
    sameKernels(before, after) &&
    (['setuid', 'capabilities', 'services'] as const).every((part) =>
      equalChanges(stated[part], found[part]),
    ) &&
    sameDirectories(before, after)
  );
}

/** By how much the files became more, and larger. */
function grown({ total }: ImageDiff): [number, number] {
  return [total!.bytes.after - total!.bytes.before, total!.files.after - total!.files.before];
}

/** Whether what differs at one key differs equally, in whatever order. */
function equalChanges(
  a: ImageDiff['services' | 'setuid' | 'capabilities' | 'accounts'],
  b: typeof a,
): boolean {
  const sorted = (changes: typeof a) =>
    changes &&
    [changes.added, changes.removed, changes.changed].map((list) =>
      list.map((one) => JSON.stringify(one)).sort(),
    );
  return isDeepStrictEqual(sorted(a), sorted(b));
}

/** The largest size that a file can have without being in the list of the biggest. */
export function unlisted({ biggest, counts }: Compared): number {
  return biggest.length < counts.files ? (biggest.at(-1)?.bytes ?? 0) : -1;
}

/** Whether the list of the biggest files has those that were found. */
function listsFound({ stated, part }: Side): boolean {
  const listed = new Map(stated.biggest.map(({ path, bytes }) => [path, bytes]));
  const most = unlisted(stated);
  return [...part.sizes].every(
    ([path, bytes]) => (listed.get(path) ?? (bytes <= most ? bytes : -1)) === bytes,
  );
}

/** Whether a file that is listed on one side, and is in a member of both, is listed on the other. */
function listsShared(one: Side, other: Side): boolean {
  const listed = new Map(other.stated.biggest.map(({ path, bytes }) => [path, bytes]));
  const most = unlisted(other.stated);
  return one.stated.biggest.every(
    ({ path, bytes }) =>
      one.part.sizes.has(path) || (listed.get(path) ?? (bytes <= most ? bytes : -1)) === bytes,
  );
}

/** The packages are in one file. */
function samePackages(before: Side, after: Side, stated: ImageDiff, found: ImageDiff): boolean {
  const [a, b] = [before.part.facts.packages.length, after.part.facts.packages.length];
  if (a === 0 && b === 0) return isDeepStrictEqual(before.stated.packages, after.stated.packages);
  return a > 0 && b > 0 && isDeepStrictEqual(stated.packages, found.packages);
}

/** The accounts are in several files: all of them are in one member, or cannot be compared. */
function sameAccounts(before: Side, after: Side, stated: ImageDiff, found: ImageDiff): boolean {
  const have = [before, after].map(({ part }) => ACCOUNTS.filter((path) => part.sizes.has(path)).length);
  if (have.every((count) => count === 0))
    return isDeepStrictEqual(before.stated.accounts, after.stated.accounts);
  return have.every((count) => count === ACCOUNTS.length) && equalChanges(stated.accounts, found.accounts);
}

/** Files that decide what the accounts are. */
export const ACCOUNTS: readonly string[] = ['etc/passwd', 'etc/shadow'];

/** A kernel is found by files in many places: only that nothing of one differs can be seen. */
function sameKernels(before: Side, after: Side): boolean {
  const kernels = ({ kernels, boot }: Pick<Compared, 'kernels' | 'boot'>) => ({ kernels, boot });
  return (
    isDeepStrictEqual(kernels(before.stated), kernels(after.stated)) &&
    isDeepStrictEqual(kernels(before.part.facts), kernels(after.part.facts))
  );
}

/** Whether every directory that is listed grew by what was found in it. */
function sameDirectories(before: Side, after: Side): boolean {
  const [a, b] = [before, after].map(({ stated, part }) => {
    const listed = new Map(stated.directories.map(({ path, ...sum }) => [path, sum]));
    const files = stated.directories.reduce((sum, directory) => sum + directory.files, 0);
    return { listed, whole: files >= stated.counts.files, found: part.directories };
  }) as [DirectoryList, DirectoryList];
  const nothing = { bytes: 0, files: 0 };
  return [...new Set([...a.listed.keys(), ...b.listed.keys(), ...a.found.keys(), ...b.found.keys()])].every(
    (path) => {
      const [was, is] = [a, b].map(({ listed, whole }) => listed.get(path) ?? (whole ? nothing : null));
      const [lost, won] = [a, b].map(({ found }) => found.get(path) ?? nothing);
      // Too small to be listed on either side: nothing is said of it.
      if (!was && !is) return true;
      return (
        was != null &&
        is != null &&
        is.bytes - was.bytes === won!.bytes - lost!.bytes &&
        is.files - was.files === won!.files - lost!.files
      );
    },
  );
}

interface DirectoryList {
  listed: Map<string, { bytes: number; files: number }>;
  whole: boolean;
  found: Part['directories'];
}
