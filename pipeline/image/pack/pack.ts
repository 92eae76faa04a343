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
  type Level,
  MEMBER_HEAD,
  type Members,
  memberTail,
  ZLIB,
} from './compressor.ts';
import { Cutter, SIZES, type Sizes, windowOf } from './cut.ts';
import { DigestThread } from './digest.ts';
import { type Compressed, compressGroup, type GroupOptions, type Slot } from './group.ts';
import { MemberCache } from './member-cache.ts';
import type { Member } from './member-line.ts';
import { Output } from './output.ts';
import { Room } from './room.ts';
import { Starters } from './starters.ts';

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
  /** The folder of members of earlier packs, and bytes that all may have together; without it each is made. */
  cache?: { folder: string; most: number } | undefined;
  /** Default: `SIZES`; other ones give other bytes. */
  sizes?: Sizes;
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
  let starters: Starters | undefined;
  try {
    // The remains of a killed run; its last compressor may still be adding to it.
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
    await makeFolders(work);
    // Before there are large buffers.
    if (compressor.tool !== 'zlib')
      starters = new Starters(compressor, options.level, { count: groupsAtOnce(), folder: work, signal });
    const packed = await compress({ ...options, signal }, { compressor, starters }, work);
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
    await starters?.close();
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

const STREAM = 'stream.gz';

type Running = PackOptions & { signal: AbortSignal };

/**
 * Bytes of tar whose blocks are compressed by one start of the tool. Larger ones cost memory on machines of many cores; smaller ones cost
 * more starts.
 */
export const GROUP_BYTES = 16 << 20;

/** Groups at work at once; more than that is faster than one thread reads and digests. */
const MOST_GROUPS = 16;

/** One more than cores, so that none idles while the oldest is awaited; that bounds the memory too. */
const groupsAtOnce = () => Math.min(availableParallelism() + 1, MOST_GROUPS);

/** A slot with bytes to compress. */
interface Filled extends Slot {
  bytes: Buffer;
}

async function compress(
  { tar, level, members: form, consumer, emit, signal, id, cache: kept, sizes = SIZES }: Running,
  by: Pick<GroupOptions, 'compressor' | 'starters'>,
  work: string,
): Promise<Omit<Packed, 'path' | 'compressor'>> {
  const input = await open(tar, 'r');
  const output = await Output.create(join(work, STREAM));
  const cache =
    kept && (await MemberCache.open({ cache: kept.folder, most: kept.most, digests: output.digests, emit }));
  const digests = new DigestThread();
  const atWork: Promise<Compressed[]>[] = [];
  const members: Member[] = [];
  let filling: Promise<Filled> | undefined;
  try {
    const { size: total } = await input.stat();
    const feed = consumer && new Feed(consumer);
    const cutter = new Cutter(sizes);
    const single = form === 'single';
    const depth = groupsAtOnce();
    const length = Math.max(GROUP_BYTES, windowOf(sizes));
    const slots = Array.from({ length: depth }, (_, i) => ({
      path: join(work, `member-${i}`),
      buffer: Buffer.from(new SharedArrayBuffer(length)),
      room: new Room(length),
    }));
    const options = { ...by, level, single, digests, cache };
    let crc = 0;
    let done = 0;
    let appended = 0;
    // The beginning of a block whose end has not been read.
    let rest: Buffer = Buffer.alloc(0);
    if (single) await output.write(MEMBER_HEAD);
    const appendOldest = async () => {
      const keeping: Promise<void>[] = [];
      try {
        for (const { tarBytes, sha256, ...made } of await atWork.shift()!) {
          let bytes: number;
          if ('bytes' in made) {
            await output.write(made.bytes);
            bytes = made.bytes.length;
          } else {
            const { path, key } = made;
            const kept = key === undefined ? undefined : cache?.begin(key);
            bytes = await output.append(path, kept?.see);
            if (kept) keeping.push(kept.keep(path, total - appended));
          }
          members.push({ bytes, tarBytes, sha256 });
          appended += tarBytes;
        }
      } finally {
        await Promise.all(keeping);
      }
    };
    /** Fills a slot, when it is free: with the rest of the one before, and what follows it in the file. */
    const fillNext = async (i: number): Promise<Filled> => {
      if (atWork.length === depth) await appendOldest();
      const slot = slots[i % depth]!;
      slot.room.clear();
      rest.copy(slot.buffer);
      const bytes = slot.buffer.subarray(0, Math.min(slot.buffer.length, total - done));
      await fill(bytes.subarray(rest.length), input, tar);
      return { ...slot, bytes };
    };
    filling = fillNext(0);
    for (let i = 1; filling; i++) {
      const { bytes, ...slot } = await filling;
      const { blocks, length } = cut(bytes, cutter, done + bytes.length === total);
      const group = compressGroup(blocks, slot, options);
      // Awaited in its turn; until then a failure is not an unhandled one.
      group.catch(() => {});
      atWork.push(group);
      rest = bytes.subarray(length);
      done += length;
      // Read while this part is inspected.
      filling = done < total ? fillNext(i) : undefined;
      filling?.catch(() => {});
      const read = bytes.subarray(0, length);
      if (single) crc = crc32(read, crc);
      await feed?.write(read);
      emit({ type: 'progress', id, label: 'Packing', done, total, unit: 'bytes' });
      if (signal.aborted) throw interrupted(signal);
    }
    await feed?.end();
    while (atWork.length > 0) await appendOldest();
    if (single) await output.write(memberTail(crc, done));
    const finished = await output.finish();
    await cache?.makeRoom();
    return { ...finished, tarBytes: done, ...(single ? {} : { members }) };
  } finally {
    emit({ type: 'activity-end', id });
    await digests.close();
    await filling?.catch(() => {});
    await input.close();
    await output.close();
  }
}

/** The whole blocks that bytes begin with. */
function cut(bytes: Buffer, cutter: Cutter, last: boolean): { blocks: Buffer[]; length: number } {
  const blocks: Buffer[] = [];
  let at = 0;
  do {
    const length = cutter.next(bytes.subarray(at), last);
    if (length === null) break;
    blocks.push(bytes.subarray(at, at + length));
    at += length;
  } while (at < bytes.length);
  return { blocks, length: at };
}

async function fill(buffer: Buffer, from: FileHandle, name: string): Promise<void> {
  for (let filled = 0; filled < buffer.length; ) {
    const { bytesRead } = await from.read(buffer, filled, buffer.length - filled, null);
    if (bytesRead === 0) throw new Fault('TAR_TRUNCATED', `${name} became shorter while it was read`);
    filled += bytesRead;
  }
}
