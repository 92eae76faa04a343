import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { count, object, orNull, text } from '../../host/files/shape.ts';
import { hasEnded } from '../../host/process/alive.ts';
import {
  curtinsFolder,
  ephemeralsFolder,
  lockFiles,
  makerFile,
  rehearsalsFolder,
} from '../../workspace/layout.ts';

const PROCESS = object({ pid: count, host: text }, { start: orNull(text), place: text });
/** Milliseconds after which an unfinished ephemeral is left over, where nobody can be asked about it. */
const LEFT_OVER_MS = 24 * 3600_000;

/** The folders of rehearsals in a cache that nobody uses now: ephemeral systems, curtins, and those with logs and kept disks. */
export async function keptByRehearsals(cache: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of [ephemeralsFolder(cache), curtinsFolder(cache)]) {
    found.push(...(await below(folder)).filter((one) => !isUnfinished(one)));
    found.push(...(await leftUnfinished(folder)));
  }
  for (const folder of await below(rehearsalsFolder(cache))) {
    const holder = await readJsonOrMiss(lockFiles(folder).holder, PROCESS);
    if (!holder || hasEnded(holder) === true) found.push(folder);
  }
  return found;
}

/** Folders whose makers were killed before they were whole. */
async function leftUnfinished(parent: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of (await below(parent)).filter(isUnfinished)) {
    const maker = await readJsonOrMiss(makerFile(folder), PROCESS);
    if ((maker && hasEnded(maker)) ?? (await age(folder)) > LEFT_OVER_MS) found.push(folder);
  }
  return found;
}

/** Deletes what killed makers left in a folder of the cache. @throws errors of the system */
export async function removeUnfinished(parent: string): Promise<void> {
  await removeKept(await leftUnfinished(parent));
}

/** Deletes what killed rehearsals have left half made: whichever ephemeral or curtin this one uses. @throws errors of the system */
export async function removeAllUnfinished(cache: string): Promise<void> {
  for (const folder of [ephemeralsFolder(cache), curtinsFolder(cache)]) await removeUnfinished(folder);
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
