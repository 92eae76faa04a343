import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import writeFileAtomic from 'write-file-atomic';
import { interrupted } from '../../core/faults/interrupted.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { identityOf } from '../../host/files/identity.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { openRegular } from '../../host/files/regular.ts';
import { count, object, orNull, sha256, text } from '../../host/files/shape.ts';
import { hasEnded, thisProcess } from '../../host/process/alive.ts';
import { layerFiles, layerFolder, layersFolder } from '../../workspace/layout.ts';

/*
 * Layers: roots as media install them, each a tar in a folder that has the fingerprint of all that decides it as its name. A
 * folder gets that name when it is whole. All files belong to the user whose build wrote them.
 */

export interface Layer {
  key: string;
  folder: string;
  bytes: number;
  /** Milliseconds since the epoch. */
  usedAt: number;
}

/** `seen`: the state of the file in which it had this sum; see `stateOf`. */
const RECORD = object({ key: sha256, sha256, bytes: count, seen: text });
const MAKER = object({ pid: count, host: text }, { start: orNull(text), place: text });
/** Milliseconds after which a folder that nobody can be asked about is left over. */
const LEFT_OVER_MS = 24 * 3600_000;

/**
 * The layer of a fingerprint, or undefined. It is read to its last byte where its file, or the host's boot, is another than when its
 * sum was taken. One that is damaged is removed.
 * @param onDamage gets what is wrong with it
 * @throws Fault INTERRUPTED
 */
export async function findLayer(
  cache: string,
  key: string,
  onDamage: (problem: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const folder = layerFolder(cache, key);
  if (!(await exists(folder))) return undefined;
  const problem = await damageOf(folder, key, signal);
  if (problem === null) {
    const now = new Date();
    // A cache that may only be read serves as well.
    await utimes(layerFiles(folder).record, now, now).catch(() => {});
    return folder;
  }
  onDamage(problem);
  await removeLayer(folder).catch(() => {});
  return undefined;
}

async function damageOf(folder: string, key: string, signal: AbortSignal): Promise<string | null> {
  const there = await lstat(folder).catch(() => null);
  if (!there) return 'another process has deleted it';
  if (!there.isDirectory()) return 'it is not a folder';
  const { root, record } = layerFiles(folder);
  const said = await readJsonOrMiss(record, RECORD);
  if (said?.key !== key) return 'its record is missing, damaged or of another layer';
  try {
    if (!(await lstat(root)).isFile()) return 'its root.tar is not a file';
    const state = await stateOf(root);
    if (state === said.seen) return null;
    const found = await sumOf(root, signal);
    if (found.bytes !== said.bytes) return `its root.tar has ${found.bytes} of ${said.bytes} bytes`;
    if (found.sha256 !== said.sha256) return 'its root.tar has been changed';
    await writeFileAtomic(record, JSON.stringify({ ...said, seen: state })).catch(() => {});
    return null;
  } catch (error) {
    if (signal.aborted) throw interrupted(signal);
    return `its root.tar cannot be read: ${reasonOf(error)}`;
  }
}

/** A folder for a new layer, under a name that no build looks for. @throws errors of the system */
export async function beginLayer(cache: string, key: string): Promise<string> {
  const all = layersFolder(cache);
  await makeFolders(all, 0o700);
  const folder = await mkdtemp(`${layerFolder(cache, key)}.partial-`);
  await writeFile(layerFiles(folder).maker, JSON.stringify(thisProcess()));
  return folder;
}

/**
 * Gives a new layer its name, and makes room for it.
 * @param most bytes that all layers may have together
 * @returns its size, or why it is not kept: the folder is removed then
 * @throws Fault INTERRUPTED
 */
export async function finishLayer(
  folder: string,
  most: number,
  signal: AbortSignal,
): Promise<{ bytes: number } | { notKept: string }> {
  const { root, record, notKept } = layerFiles(folder);
  try {
    const reason = await readFile(notKept, 'utf8').catch(() => null);
    if (reason !== null) return { notKept: reason.trim() };
    const cache = join(folder, '../..');
    const key = basename(folder).replace(/\.partial-.*/, '');
    const { bytes, sha256: sum } = await sumOf(root, signal);
    if (bytes > most) return { notKept: `it has ${bytes} bytes, and cache_layers allows ${most}` };
    await writeFile(record, JSON.stringify({ key, sha256: sum, bytes, seen: await stateOf(root) }));
    await rename(folder, layerFolder(cache, key));
    await rm(layerFiles(layerFolder(cache, key)).maker, { force: true });
    await makeRoom(cache, most, key);
    return { bytes };
  } catch (error) {
    if (signal.aborted) throw interrupted(signal);
    const { code } = error as NodeJS.ErrnoException;
    // Another build has kept the same one meanwhile.
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return { notKept: 'another build has kept it already' };
    return {
      notKept: code === 'ENOENT' ? 'the installation did not get that far' : (error as Error).message,
    };
  } finally {
    await removeLayer(folder).catch(() => {});
  }
}

/** Lets go those that were used longest ago, until the rest fits. */
async function makeRoom(cache: string, most: number, kept: string): Promise<void> {
  let sum = 0;
  for (const one of await listLayers(cache)) {
    sum += one.bytes;
    if (sum > most && one.key !== kept) await removeLayer(one.folder);
  }
}

/** All whole layers, the one used last first. */
export async function listLayers(cache: string): Promise<Layer[]> {
  const found: Layer[] = [];
  for (const key of await namesIn(layersFolder(cache))) {
    if (!/^[0-9a-f]{64}$/.test(key)) continue;
    const folder = layerFolder(cache, key);
    const { root, record } = layerFiles(folder);
    const [size, used] = await Promise.all([lstat(root), stat(record)].map((one) => one.catch(() => null)));
    found.push({ key, folder, bytes: size?.size ?? 0, usedAt: used?.mtimeMs ?? 0 });
  }
  return found.sort((a, b) => b.usedAt - a.usedAt);
}

/** Folders of layers that are not whole; those left over by builds that were killed among them. */
export async function unfinished(cache: string): Promise<{ folder: string; leftOver: boolean }[]> {
  const names = (await namesIn(layersFolder(cache))).filter((name) => /\.partial-/.test(name));
  return Promise.all(
    names.map(async (name) => {
      const folder = join(layersFolder(cache), name);
      const maker = await readJsonOrMiss(layerFiles(folder).maker, MAKER);
      const ended = maker && hasEnded(maker);
      const age = Date.now() - ((await lstat(folder).catch(() => null))?.mtimeMs ?? 0);
      return { folder, leftOver: ended ?? age > LEFT_OVER_MS };
    }),
  );
}

/** Removes what killed builds left. */
export async function removeLeftOver(cache: string): Promise<void> {
  for (const one of await unfinished(cache)) if (one.leftOver) await removeLayer(one.folder).catch(() => {});
}

/** Removes a folder of layers; a link is removed, not what it leads to. A build that goes on from it keeps the file that it has open. */
export async function removeLayer(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/**
 * A state that changes with every write to a file, and with each boot: data written before a power failure may be lost while its
 * times are kept.
 */
async function stateOf(path: string): Promise<string> {
  return `${thisProcess().place?.split(' ')[0] ?? ''}:${identityOf(await stat(path, { bigint: true }))}`;
}

async function sumOf(path: string, signal: AbortSignal): Promise<{ sha256: string; bytes: number }> {
  const file = await openRegular(path);
  const hash = createHash('sha256');
  try {
    await pipeline(file.createReadStream({ highWaterMark: 4 << 20, autoClose: false }), hash, { signal });
    return { sha256: hash.digest('hex'), bytes: (await file.stat()).size };
  } finally {
    await file.close();
  }
}
