import { readdir, rm, stat } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { Fault, fromSystemError } from '../core/faults/fault.ts';
import { makeFolders } from '../host/files/folders.ts';
import { readJson, readJsonOrMiss, WrongJson } from '../host/files/read-json.ts';
import { flag, matching, object, type Shape, time } from '../host/files/shape.ts';
import { nightFolder, nightSummary, nightsFolder, nightUnderWay } from '../workspace/layout.ts';
import { NIGHT, type Night } from './types.ts';

/** Nights whose folders are kept. */
const MOST = 30;
const ID = /^\d{8}T\d{6}\.\d{3}Z$/;
/** A night that began longer ago is over, however it ended. */
const CONTINUED_WITHIN_MS = 20 * 3600 * 1000;

export interface StartedNight {
  id: string;
  startedAt: string;
  continued: boolean;
}

const STARTED: Shape<StartedNight> = object({ id: matching(ID), startedAt: time, continued: flag });

/**
 * Begins a night, or continues one that was interrupted. Its images are not noted: what was done of them is seen by
 * their stages' records.
 */
export async function beginNight(workspace: string, now: Date): Promise<StartedNight> {
  const before = await readJsonOrMiss(nightUnderWay(workspace), STARTED);
  if (before) {
    const age = now.getTime() - Date.parse(before.startedAt);
    if (age >= 0 && age < CONTINUED_WITHIN_MS) return { ...before, continued: true };
  }
  const begun = { id: idOf(now), startedAt: now.toISOString(), continued: false };
  try {
    await makeFolders(nightsFolder(workspace));
    await writeFileAtomic(nightUnderWay(workspace), JSON.stringify(begun));
  } catch (error) {
    throw fromSystemError(error, `writing ${nightUnderWay(workspace)}`);
  }
  return begun;
}

/** The night's own folder, made. */
export async function folderOf(workspace: string, id: string): Promise<string> {
  const dir = nightFolder(workspace, id);
  await makeFolders(dir);
  return dir;
}

/** Ends the night that is under way; of its predecessors the newest 30 are kept. */
export async function endNight(workspace: string): Promise<void> {
  await rm(nightUnderWay(workspace), { force: true });
  for (const id of (await ids(workspace)).slice(MOST))
    await rm(nightFolder(workspace, id), { recursive: true, force: true });
}

/**
 * The nights that have ended, the newest first, back to one by which each of these images is known: usually the last one alone. A damaged
 * summary counts as none.
 */
export async function earlierNights(workspace: string, images: readonly string[]): Promise<Night[]> {
  const unknown = new Set(images);
  const nights: Night[] = [];
  for (const id of await ids(workspace)) {
    const night = await readJsonOrMiss(nightSummary(nightFolder(workspace, id)), NIGHT);
    if (!night) continue;
    nights.push(night);
    for (const { image } of night.images) unknown.delete(image);
    if (unknown.size === 0) break;
  }
  return nights;
}

/**
 * The night in a file or folder that the user names.
 * @throws Fault CONFIG_NOT_FOUND, CONFIG_INVALID
 */
export async function namedNight(path: string): Promise<Night> {
  const hint = 'Use a summary.json that `dgxos-maas nightly` has written, or its folder.';
  const folder = await stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  try {
    return await readJson(folder ? nightSummary(path) : path, NIGHT);
  } catch (error) {
    if (error instanceof WrongJson)
      throw new Fault('CONFIG_INVALID', `This is not the summary of a night: ${error.message}`, {
        hint,
        cause: error,
      });
    throw new Fault('CONFIG_NOT_FOUND', `There is no summary of a night at ${path}`, { hint, cause: error });
  }
}

/** The newest first. */
async function ids(workspace: string): Promise<string[]> {
  const names = await readdir(nightsFolder(workspace)).catch(() => []);
  return names
    .filter((name) => ID.test(name))
    .sort()
    .reverse();
}

const idOf = (now: Date) => now.toISOString().replace(/[-:]/g, '');
