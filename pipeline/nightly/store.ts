import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { Fault, fromSystemError } from '../core/faults/fault.ts';
import { readBoundedText } from '../host/files/regular.ts';
import type { Night } from './types.ts';

/** Nights whose folders are kept. */
const MOST = 30;
const ID = /^\d{8}T\d{6}\.\d{3}Z$/;
/** A night that began longer ago is over, however it ended. */
const CONTINUED_WITHIN_MS = 20 * 3600 * 1000;

/** Where nights are kept: `<workspace>/nightly/<id>/`, and in `under-way.json` the one that has not ended. */
export const nightlyDir = (workspace: string) => join(workspace, 'nightly');

const underWay = (workspace: string) => join(nightlyDir(workspace), 'under-way.json');

export interface StartedNight {
  id: string;
  startedAt: string;
  continued: boolean;
}

/**
 * Begins a night, or goes on with one that was interrupted. Its images are not noted: what was done of them is seen by
 * their stages' records.
 */
export async function beginNight(workspace: string, now: Date): Promise<StartedNight> {
  const before = await readJson<StartedNight>(underWay(workspace));
  if (before && ID.test(before.id)) {
    const age = now.getTime() - Date.parse(before.startedAt);
    if (age >= 0 && age < CONTINUED_WITHIN_MS) return { ...before, continued: true };
  }
  const begun = { id: idOf(now), startedAt: now.toISOString(), continued: false };
  try {
    await mkdir(nightlyDir(workspace), { recursive: true });
    await writeFileAtomic(underWay(workspace), JSON.stringify(begun));
  } catch (error) {
    throw fromSystemError(error, `writing ${underWay(workspace)}`);
  }
  return begun;
}

/** The night's own folder, made. */
export async function folderOf(workspace: string, id: string): Promise<string> {
  const dir = join(nightlyDir(workspace), id);
  await mkdir(dir, { recursive: true });
  return dir;
}

/** Ends the night that is under way; of its predecessors the newest 30 stay. */
export async function endNight(workspace: string): Promise<void> {
  const dir = nightlyDir(workspace);
  await rm(underWay(workspace), { force: true });
  for (const id of (await ids(workspace)).slice(MOST))
    await rm(join(dir, id), { recursive: true, force: true });
}

/** The nights that have ended, the newest first; a damaged summary counts as none. */
export async function earlierNights(workspace: string): Promise<Night[]> {
  const files = (await ids(workspace)).map((id) => join(nightlyDir(workspace), id, 'summary.json'));
  const nights = await Promise.all(files.map((file) => readJson<Night>(file)));
  return nights.filter((night) => night !== undefined && isNight(night)) as Night[];
}

/**
 * The night in a file or folder that the user names.
 * @throws Fault CONFIG_NOT_FOUND, CONFIG_INVALID
 */
export async function namedNight(path: string): Promise<Night> {
  let text: string;
  try {
    text = await readBoundedText(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EISDIR') throw error;
      return readBoundedText(join(path, 'summary.json'));
    });
  } catch {
    throw new Fault('CONFIG_NOT_FOUND', `There is no summary of a night at ${path}`, {
      hint: 'Give a summary.json that `dgxos-maas nightly` has written, or its folder.',
    });
  }
  try {
    const night = JSON.parse(text) as Night;
    if (isNight(night)) return night;
  } catch {
    // told below
  }
  throw new Fault('CONFIG_INVALID', `${path} is not a summary of a night`, {
    hint: 'Give a summary.json that `dgxos-maas nightly` has written, or its folder.',
  });
}

function isNight(value: Night): boolean {
  return value?.format === 1 && Array.isArray(value.images) && typeof value.startedAt === 'string';
}

/** The newest first. */
async function ids(workspace: string): Promise<string[]> {
  const names = await readdir(nightlyDir(workspace)).catch(() => []);
  return names
    .filter((name) => ID.test(name))
    .sort()
    .reverse();
}

const idOf = (now: Date) => now.toISOString().replace(/[-:]/g, '');

async function readJson<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
