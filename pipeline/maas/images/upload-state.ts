import type { BootResourceDetail, BootResourceFile, BootResourceSet } from '../api/answers.ts';

/** The part of one file that MAAS has, by its own answer alone. */
export type UploadState =
  /** Not there, or only with other data. `keepOld`: older data is in use and must survive until ours is whole. */
  | { at: 'absent'; keepOld: boolean }
  | { at: 'partial'; set: string; uploadUri: string; offset: number }
  /** Every byte is there, and MAAS has not called it complete yet: its regions still copy it. */
  | { at: 'sent'; set: string; uploadUri: string; percent: number }
  | { at: 'complete'; set: string };

/** Orders set versions (20261122, 20261122.2, 20261122.10) by number; as text the tenth would come before the second. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Bytes that MAAS has of a set that is not complete. Progress is in percent of size times regions: of one region up to
 * 3.4, where the file is a large object that all regions share, and of all of them from 3.5 on.
 */
export function offsetOf(set: { size: number; progress: number | undefined }, regions: number): number {
  const bytes = Math.round(((set.progress ?? 0) / 100) * set.size * regions);
  return Math.min(Math.max(bytes, 0), set.size);
}

/**
 * Reads from the full form of a resource where the file of this sum and size stands.
 * @param regions that keep a file each; 1 up to 3.4
 */
export function uploadState(
  resource: BootResourceDetail,
  wanted: { sha256: string; size: number },
  regions: number,
): UploadState {
  const sets = resource.sets
    .filter((set) => set.files.length > 0)
    .sort((a, b) => compareVersions(b.version, a.version));
  const ours = (set: BootResourceSet): BootResourceFile | undefined =>
    set.files.find((file) => file.sha256 === wanted.sha256 && file.size === wanted.size);
  // MAAS deploys the newest complete set, whatever unfinished ones lie above it.
  const deployed = sets.find((set) => set.complete);
  if (deployed && ours(deployed)) return { at: 'complete', set: deployed.version };
  const newest = sets[0];
  // If it is complete it is the one above, and not ours.
  const file = newest && ours(newest);
  if (!newest || !file?.uploadUri) return { at: 'absent', keepOld: deployed !== undefined };
  const offset = offsetOf(newest, regions);
  const here = { set: newest.version, uploadUri: file.uploadUri };
  return offset < newest.size
    ? { at: 'partial', ...here, offset }
    : { at: 'sent', ...here, percent: newest.progress ?? 0 };
}
