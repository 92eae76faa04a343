import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Emit } from '../../core/events/event.ts';
import { underWay } from '../../core/events/under-way.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { identityOf } from '../../host/files/identity.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { sha256 as digest, object, text } from '../../host/files/shape.ts';
import { sumFile } from '../../workspace/layout.ts';
import type { LocalIso } from './facts.ts';
import { readVolume } from './volume.ts';

export interface ChecksumContext {
  /** The folder with sums that were taken earlier. */
  cacheDir: string;
  emit: Emit;
  signal?: AbortSignal;
}

/**
 * Makes sure that a file has the sha256 it should have.
 * @param expected 64 hexadecimal digits
 * @param name what messages call the file
 * @throws Fault ISO_TRUNCATED when the file is shorter than the ISO in it says; ISO_CHECKSUM when the sum differs
 */
export async function verifyChecksum(
  path: string,
  expected: string,
  context: ChecksumContext,
  name = path,
): Promise<LocalIso> {
  const sha256 = await sumOf(path, context);
  const { size } = await stat(path);
  if (sha256 === expected) return { path, size, sha256 };
  const volume = await readVolume(path);
  if (volume && size < volume.bytes)
    throw new Fault(
      'ISO_TRUNCATED',
      `${name} is truncated: ${volume.bytes - size} of its ${volume.bytes} bytes are missing`,
      {
        hint: 'Copy or download it again.',
      },
    );
  throw new Fault('ISO_CHECKSUM', `${name} does not have the expected sha256`, {
    detail: `expected ${expected}\nfound    ${sha256}`,
    hint: 'Correct `sha256:` if this is the file you mean; otherwise get the file again.',
  });
}

/**
 * The sha256 of a file, remembered as long as path, device, inode, size, mtime and ctime stay. That is safe enough:
 * every write moves mtime and ctime, and no ordinary call sets ctime back; who can fool it (root writing to the block
 * device, a clock turned back) could as well change the file after any check.
 */
export async function sumOf(path: string, context: ChecksumContext): Promise<string> {
  const identity = identityOf(await stat(path, { bigint: true }));
  const known = await recall(memoryOf(path, context.cacheDir));
  if (known?.identity === identity) return known.sha256;
  const sha256 = await hash(path, context);
  if (identityOf(await stat(path, { bigint: true })) !== identity)
    throw new Fault('ISO_CHECKSUM', `${path} changed while it was read`, {
      hint: 'Wait until it is whole, and run the command again.',
    });
  await remember(path, sha256, context.cacheDir);
  return sha256;
}

/** Notes the sum that a file was found to have. */
export async function remember(path: string, sha256: string, cacheDir: string): Promise<void> {
  try {
    const memory = memoryOf(path, cacheDir);
    await makeFolders(dirname(memory));
    await writeFileAtomic(
      memory,
      JSON.stringify({ path, identity: identityOf(await stat(path, { bigint: true })), sha256 }),
    );
  } catch {
    // An unwritable cache only costs the time of hashing again.
  }
}

/** One small file a medium: two runs never write the same one with different content. */
function memoryOf(path: string, cacheDir: string): string {
  const key = createHash('sha256').update(path).digest('hex').slice(0, 32);
  return sumFile(cacheDir, key);
}

const KNOWN = object({ identity: text, sha256: digest });

async function recall(memory: string): Promise<{ identity: string; sha256: string } | undefined> {
  return readJsonOrMiss(memory, KNOWN);
}

function hash(path: string, context: ChecksumContext): Promise<string> {
  return underWay(context.emit, 'iso', () => hashed(path, context));
}

async function hashed(path: string, { emit, signal }: ChecksumContext): Promise<string> {
  const sum = createHash('sha256');
  const { size } = await stat(path);
  let done = 0;
  let shown = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 4 << 20, signal })) {
      sum.update(chunk);
      done += chunk.length;
      if (done - shown >= 64 << 20 || done === size) {
        shown = done;
        emit({
          type: 'progress',
          id: 'iso',
          label: `Verifying ${basename(path)}`,
          done,
          total: size,
          unit: 'bytes',
        });
      }
    }
  } catch (error) {
    if (signal?.aborted) throw interrupted(signal);
    throw fromSystemError(error, `reading ${path}`);
  }
  return sum.digest('hex');
}
