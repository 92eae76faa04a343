import { createHash } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Emit } from '../../core/events/event.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { list, object, sha256, text } from '../../host/files/shape.ts';
import { thisProcess } from '../../host/process/alive.ts';
import { digestOf } from '../../image/read/digest.ts';
import { fetchedRecord, makerFile } from '../../workspace/layout.ts';
import { removeUnfinished } from './kept.ts';

/** A file of the cache that was fetched for rehearsals. */
export interface FetchedFile {
  name: string;
  path: string;
  sha256: string;
}

const RECORD = object({ files: list(object({ name: text, sha256 })) });

interface Work {
  emit: Emit;
  signal: AbortSignal;
}

/** The name of a folder in the cache, by all that decides its files. */
export const keyOf = (...parts: readonly (string | null)[]) =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);

/** The files of a folder that is whole and as it was left; null: there is none. */
export async function foundWhole(folder: string, { emit, signal }: Work): Promise<FetchedFile[] | null> {
  const record = await readJsonOrMiss(fetchedRecord(folder), RECORD);
  if (!record || record.files.length === 0) return null;
  const files: FetchedFile[] = [];
  for (const one of record.files) {
    if (basename(one.name) !== one.name) return null;
    const path = join(folder, one.name);
    const now = await digestOf(path, emit, signal).catch(() => null);
    if (signal.aborted) throw interrupted(signal);
    if (now?.sha256 !== one.sha256) return null;
    files.push({ ...one, path });
  }
  return files;
}

/**
 * The files of a folder of the cache: found there whole, else fetched into a folder beside it, which then takes its name.
 * @param obtain into the folder that it is given, returns the names of its files
 * @throws what `obtain` throws; errors of the system
 */
export async function fetchedOnce(
  folder: string,
  obtain: (to: string) => Promise<string[]>,
  work: Work,
): Promise<FetchedFile[]> {
  const found = await foundWhole(folder, work);
  if (found) return found;
  return inPartial(folder, async (partial) => {
    const files: { name: string; sha256: string }[] = [];
    for (const name of await obtain(partial))
      files.push({ name, sha256: (await digestOf(join(partial, name), work.emit, work.signal)).sha256 });
    await writeFileAtomic(fetchedRecord(partial), JSON.stringify({ files }));
    // Another rehearsal may have fetched it meanwhile, and use it.
    const others = await foundWhole(folder, work);
    if (others) return others;
    await rm(folder, { recursive: true, force: true });
    await rm(makerFile(partial));
    await rename(partial, folder);
    return files.map((one) => ({ ...one, path: join(folder, one.name) }));
  });
}

/**
 * Does something in a folder beside one of the cache, which is gone afterwards; what a killed process has left there is removed by the next one.
 * @throws what `use` throws; errors of the system
 */
export async function inPartial<T>(folder: string, use: (partial: string) => Promise<T>): Promise<T> {
  await makeFolders(dirname(folder), 0o700);
  await removeUnfinished(dirname(folder));
  const partial = await mkdtemp(`${folder}.partial-`);
  try {
    await writeFile(makerFile(partial), JSON.stringify(thisProcess()));
    return await use(partial);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
