import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { count, object, orNull, text } from '../../host/files/shape.ts';
import { hasEnded } from '../../host/process/alive.ts';
import { ephemeralFiles, ephemeralsFolder, lockFiles, rehearsalsFolder } from '../../workspace/layout.ts';

const PROCESS = object({ pid: count, host: text }, { start: orNull(text), place: text });
/** Milliseconds after which an unfinished ephemeral is left over, where nobody can be asked about it. */
const LEFT_OVER_MS = 24 * 3600_000;

/** The folders of rehearsals in a cache that nobody uses now: ephemeral systems, and those with logs and kept disks. */
export async function keptByRehearsals(cache: string): Promise<string[]> {
  const whole = (await below(ephemeralsFolder(cache))).filter((folder) => !isUnfinished(folder));
  const found = [...whole, ...(await leftUnfinished(cache))];
  for (const folder of await below(rehearsalsFolder(cache))) {
    const holder = await readJsonOrMiss(lockFiles(folder).holder, PROCESS);
    if (!holder || hasEnded(holder) === true) found.push(folder);
  }
  return found;
}

/** Ephemeral systems whose makers were killed. */
export async function leftUnfinished(cache: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of (await below(ephemeralsFolder(cache))).filter(isUnfinished)) {
    const maker = await readJsonOrMiss(ephemeralFiles(folder).maker, PROCESS);
    if ((maker && hasEnded(maker)) ?? (await age(folder)) > LEFT_OVER_MS) found.push(folder);
  }
  return found;
}

/** Deletes them. @throws errors of the system */
export async function removeKept(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
}

const isUnfinished = (folder: string) => folder.includes('.partial-');

async function below(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort().map((name) => join(folder, name));
}

async function age(path: string): Promise<number> {
  return Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
}
