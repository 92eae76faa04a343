import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { Emit } from '../../core/events/event.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { Feed } from '../read/feed.ts';
import {
  type Compressor,
  gzipTools,
  LEVELS,
  type Level,
  MEMBER_BYTES,
  MEMBER_HEAD,
  type Members,
  memberTail,
  ZLIB,
} from './compressor.ts';
import { compressMember, compressPiece } from './member.ts';
import type { Member } from './member-line.ts';
import { Output } from './output.ts';

export interface PackOptions {
  /** A plain tar on disk. */
  tar: string;
  /** The artifact. Until it is whole, all there is is the directory `out + '.partial'`. */
  out: string;
  level: Level;
  /**
   * Gets every byte of the tar in order and is ended after the last; waited for when it is slower than we are.
   * A chunk's memory is used again once its write is done: what is kept of it must be copied.
   */
  consumer?: Writable;
  emit: Emit;
  signal?: AbortSignal;
  /** Names the progress. */
  id: string;
  /** Default: many. */
  members?: Members;
  /** Default: `gzipTools()`; one member is always made by zlib. */
  compressor?: Compressor;
}

export interface Packed {
  path: string;
  /** Of the tgz. */
  sha256: string;
  size: number;
  /** Of the tar inside. */
  tarBytes: number;
  /** All, in order; not there where the gzip has one member of pieces. */
  members?: Member[];
  compressor: string;
}

/**
 * Compresses a tar to a gzip file of many members, or of pieces of one, in parallel on all cores, in one reading that also gives the digests
 * and feeds a consumer. The same tar gives the same bytes on any machine with the same compressor (see `compressorId`).
 * @throws Fault DISK_FULL, NO_PERMISSION, PACK_FAILED; what the consumer fails with; INTERRUPTED
 */
export async function packTar(options: PackOptions): Promise<Packed> {
  const { out, consumer } = options;
  const compressor = options.members === 'single' ? ZLIB : (options.compressor ?? (await gzipTools()));
  const work = `${out}.partial`;
  // Destroyed below when packing fails; without a listener that would end the process.
  consumer?.on('error', () => {});
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])]);
  try {
    // The remains of a killed run; its last compressor may still be adding to it.
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
    await makeFolders(work);
    const packed = await compress({ ...options, signal }, compressor, work);
    await rename(join(work, STREAM), out);
    return { path: out, ...packed, compressor: `${compressor.tool} ${compressor.version}` };
  } catch (error) {
    const fault = options.signal?.aborted
      ? interrupted(options.signal)
      : fromSystemError(error, `packing ${out}`);
    // Ends the compressors that are still running.
    stop.abort(fault);
    consumer?.destroy(fault);
    throw fault;
  } finally {
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

const STREAM = 'stream.gz';

/** Members at work at once; more than that is faster than one thread reads and digests. */
const MOST_MEMBERS = 16;

async function compress(
  { tar, level, members: form, consumer, emit, signal, id }: PackOptions & { signal: AbortSignal },
  compressor: Compressor,
  work: string,
): Promise<Omit<Packed, 'path' | 'compressor'>> {
  const input = await open(tar, 'r');
  const output = await Output.create(join(work, STREAM));
  const atWork: (Pick<Member, 'tarBytes' | 'sha256'> & { path: Promise<string> })[] = [];
  const members: Member[] = [];
  try {
    const { size: total } = await input.stat();
    const feed = consumer && new Feed(consumer);
    // One more than cores, so that none idles while the oldest is awaited; that bounds the memory too.
    const depth = Math.min(availableParallelism() + 1, MOST_MEMBERS);
    const buffers = Array.from({ length: depth }, () => Buffer.allocUnsafeSlow(MEMBER_BYTES));
    let done = 0;
    let crc = 0;
    const single = form === 'single';
    if (single) await output.write(MEMBER_HEAD);
    const appendOldest = async () => {
      const { path, ...inside } = atWork.shift()!;
      members.push({ bytes: await output.append(await path), ...inside });
    };
    // Nothing is one member too: no bytes at all would be no gzip.
    for (let i = 0; done < total || i === 0; i++) {
      if (atWork.length === depth) await appendOldest();
      const block = await fill(buffers[i % depth]!, input);
      if (block.length === 0 && total > 0)
        throw new Fault('TAR_TRUNCATED', `${tar} became shorter while it was read`);
      const slot = join(work, `member-${i % depth}`);
      const power = LEVELS[compressor.tool][level];
      const path = single
        ? compressPiece(power, block, slot)
        : compressMember(compressor, power, block, slot, signal);
      // Awaited in its turn; until then a failure is not an unhandled one.
      path.catch(() => {});
      atWork.push({ path, tarBytes: block.length, sha256: createHash('sha256').update(block).digest('hex') });
      if (single) crc = crc32(block, crc);
      await feed?.write(block);
      done += block.length;
      emit({ type: 'progress', id, label: 'Packing', done, total, unit: 'bytes' });
      if (signal.aborted) throw interrupted(signal);
    }
    await feed?.end();
    while (atWork.length > 0) await appendOldest();
    if (single) await output.write(memberTail(crc, done));
    return { ...(await output.finish()), tarBytes: done, ...(single ? {} : { members }) };
  } finally {
    await input.close();
    await output.close();
  }
}

async function fill(buffer: Buffer, from: FileHandle): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await from.read(buffer, filled, buffer.length - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
