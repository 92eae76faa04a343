import { open, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Emit } from '../../core/events/event.ts';
import { underWay } from '../../core/events/under-way.ts';
import { $ } from '../../host/process/tool.ts';

/** The tools that unpack an artifact, by its first bytes as hexadecimal digits. */
const TOOLS = [
  ['1f8b', 'gzip'],
  ['fd377a585a00', 'xz'],
  ['425a68', 'bzip2'],
] as const;
/** Bytes that a root has for each one of its artifact, at most; beyond it the tool is ended. */
const LARGEST_RATIO = 8;
/** Bytes that must stay free. */
const LEAST_SPACE = 2 ** 30;

/**
 * The artifact as a bare tar, for an emulated machine: this host unpacks it some twenty times faster, and curtin's tar reads either. What cannot be
 * unpacked whole, or has no room, is given to curtin as it is: the machine's own tar then fails at it, as MAAS' would.
 * @param to the file that is made
 */
export async function unpacked(
  artifact: string,
  to: string,
  { emit, signal }: { emit: Emit; signal: AbortSignal },
): Promise<string> {
  const tool = await toolFor(artifact);
  if (tool === undefined) return artifact;
  const { size } = await stat(artifact);
  const { bavail, bsize } = await statfs(dirname(to));
  // The machine's disks grow as much again.
  const most = Math.min(size * LARGEST_RATIO, (bavail * bsize - LEAST_SPACE) / 2);
  if (most < size) return artifact;
  const run = $({
    guarded: true,
    signal,
    nothrow: true,
    reason: 'unpack the artifact for an emulated machine',
  });
  const { exitCode } = await underWay(emit, 'unpack', async () => {
    emit({ type: 'activity', id: 'unpack', label: 'unpacking the artifact for the emulated machine' });
    // Blocks of 512 bytes, as POSIX has them.
    return run`sh -c ${'ulimit -f "$4" && exec "$1" -dc <"$2" >"$3"'} sh ${tool} ${artifact} ${to} ${String(Math.floor(most / 512))}`;
  });
  if (exitCode === 0) return to;
  await rm(to, { force: true });
  return artifact;
}

async function toolFor(path: string): Promise<string | undefined> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(6), 0, 6, 0);
    const head = buffer.toString('hex', 0, bytesRead);
    return TOOLS.find(([magic]) => head.startsWith(magic))?.[1];
  } finally {
    await file.close();
  }
}
