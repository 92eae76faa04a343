import { compareVersions } from './upload-state.ts';

/** One upload of an image, as MAAS keeps it. */
export interface StoredSet {
  version: string;
  /** Bytes. */
  size: number;
  /** Bytes that have come so far. */
  stored: number;
  sha256: string;
  complete: boolean;
}

interface Stored {
  id: number;
  /** The newest first; sets without a file are left out. */
  sets: readonly StoredSet[];
}

/** The set that MAAS deploys: the newest complete one. */
export function setInUse(sets: readonly StoredSet[]): StoredSet | undefined {
  return [...sets].sort((a, b) => compareVersions(b.version, a.version)).find(({ complete }) => complete);
}

/**
 * Bytes that the deletion of images frees in MAAS, one after the other. Data is deleted when no set of any image has its digest any more.
 * From 3.5 on two sets of one image count for that too, also while both are deleted (`filestore_remove_files`): what they share then remains
 * on the disk of the regions, and nothing of MAAS' API removes it.
 * @param files whether MAAS keeps images as files (3.5 and later)
 * @returns by id
 */
export function freedBy(
  images: readonly Stored[],
  ids: readonly number[],
  files: boolean,
): Map<number, number> {
  let left = images.flatMap(({ id, sets }) => sets.map((set) => ({ id, ...set })));
  const freed = new Map<number, number>();
  for (const id of ids) {
    const own = left.filter((set) => set.id === id);
    left = left.filter((set) => set.id !== id);
    freed.set(id, bytesOf(own, left, files));
  }
  return freed;
}

/** Bytes that are freed when an image keeps nothing but the data in use, sent again into a set of its own. */
export function freedByRenewal(image: Stored, images: readonly Stored[], files: boolean): number {
  const inUse = setInUse(image.sets);
  if (!inUse) return 0;
  const others = images.filter(({ id }) => id !== image.id).flatMap(({ sets }) => sets);
  return bytesOf(
    image.sets.filter(({ sha256 }) => sha256 !== inUse.sha256),
    others,
    files,
  );
}

function bytesOf(deleted: readonly StoredSet[], kept: readonly StoredSet[], files: boolean): number {
  const sums = new Set(kept.map(({ sha256 }) => sha256));
  let bytes = 0;
  for (const sha256 of new Set(deleted.map((set) => set.sha256))) {
    const own = deleted.filter((set) => set.sha256 === sha256);
    if (sums.has(sha256) || (files && own.length > 1)) continue;
    bytes += Math.max(...own.map(({ stored }) => stored));
  }
  return bytes;
}
