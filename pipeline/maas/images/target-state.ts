import { createHash } from 'node:crypto';
import writeFileAtomic from 'write-file-atomic';
import { makeFolders } from '../../host/files/folders.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { count, object, time } from '../../host/files/shape.ts';
import { chunkSizeFile, targetFolder } from '../../workspace/layout.ts';

/** A MAAS's own folder in the state directory: its lock and what was learnt of it. */
export function targetDir(url: string, env: NodeJS.ProcessEnv): string {
  const name = new URL(url).host.replace(/[^a-zA-Z0-9.-]/g, '_');
  return targetFolder(env, `${name}-${createHash('sha256').update(url).digest('hex').slice(0, 8)}`);
}

/** The lock of one MAAS by whatever URL it is spoken to. @param regions system ids of its region controllers */
export function regionsDir(regions: readonly string[], env: NodeJS.ProcessEnv): string {
  const name = createHash('sha256').update(regions.join('\n')).digest('hex');
  return targetFolder(env, `regions-${name.slice(0, 8)}`);
}

// A limit in front of MAAS may be lifted: what was learnt is tried again after a while.
const KEEP_MS = 7 * 24 * 3600 * 1000;

const CHUNK_SIZE = object({ bytes: count, at: time });

/** The largest chunk that passed lately, in bytes, or undefined. Anything unreadable counts as unknown. */
export async function storedChunkSize(dir: string): Promise<number | undefined> {
  const stored = await readJsonOrMiss(chunkSizeFile(dir), CHUNK_SIZE);
  if (!stored || Date.now() - Date.parse(stored.at) >= KEEP_MS) return undefined;
  return Number.isInteger(stored.bytes) && stored.bytes > 0 ? stored.bytes : undefined;
}

/** Keeps it for the next upload; that it cannot be kept harms nothing. */
export async function storeChunkSize(dir: string, bytes: number): Promise<void> {
  try {
    await makeFolders(dir, 0o700);
    await writeFileAtomic(chunkSizeFile(dir), JSON.stringify({ bytes, at: new Date().toISOString() }));
  } catch {
    // found again by the next 413
  }
}
