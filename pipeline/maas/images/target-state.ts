import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { stateDir } from '../../workspace/state-dir.ts';

/** A MAAS's own folder in the state directory: its lock and what was learnt of it. */
export function targetDir(url: string, env: NodeJS.ProcessEnv): string {
  const name = new URL(url).host.replace(/[^a-zA-Z0-9.-]/g, '_');
  return join(
    stateDir(env),
    'targets',
    `${name}-${createHash('sha256').update(url).digest('hex').slice(0, 8)}`,
  );
}

/** The lock of one MAAS by whatever URL it is spoken to. @param regions system ids of its region controllers */
export function regionsDir(regions: readonly string[], env: NodeJS.ProcessEnv): string {
  const name = createHash('sha256').update(regions.join('\n')).digest('hex');
  return join(stateDir(env), 'targets', `regions-${name.slice(0, 8)}`);
}

// A limit in front of MAAS may be lifted: what was learnt is tried again after a while.
const KEEP_MS = 7 * 24 * 3600 * 1000;

/** The largest chunk that passed lately, in bytes, or undefined. Anything unreadable counts as unknown. */
export async function storedChunkSize(dir: string): Promise<number | undefined> {
  try {
    const learnt = JSON.parse(await readFile(join(dir, 'chunk-size.json'), 'utf8')) as {
      bytes: number;
      at: string;
    };
    const fresh = Date.now() - Date.parse(learnt.at) < KEEP_MS;
    return fresh && Number.isInteger(learnt.bytes) && learnt.bytes > 0 ? learnt.bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps it for the next upload; that it cannot be kept harms nothing. */
export async function storeChunkSize(dir: string, bytes: number): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await writeFileAtomic(
      join(dir, 'chunk-size.json'),
      JSON.stringify({ bytes, at: new Date().toISOString() }),
    );
  } catch {
    // found again by the next 413
  }
}
