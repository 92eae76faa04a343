import { createHash } from 'node:crypto';
import type { Emit } from '../../core/events/event.ts';
import { underWay } from '../../core/events/under-way.ts';
import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { Feed } from './feed.ts';
import { type ImageContent, ImageReader } from './image-reader.ts';
import { readInRanges } from './read-ranges.ts';
import { openSource, type Source, sourceFault } from './source.ts';

export interface ReadImage extends ImageContent {
  /** The source, without credentials. */
  name: string;
  /** Of the bytes as they are, compressed. */
  sha256: string;
  size: number;
}

export interface ReadOptions {
  signal: AbortSignal;
  emit?: Emit | undefined;
  /** Milliseconds without a byte after which a URL counts as dead. */
  stallMs?: number | undefined;
}

/** Bytes between two reports of progress. */
const STEP = 8 << 20;

/**
 * Reads an image in one pass and in constant memory: facts, digest, size, and what is known of the stream. Whatever is wrong
 * with the image is in these.
 * @param source a path, `-` for stdin, an http(s) URL, or a stream that is open
 * @throws Fault IMAGE_UNREADABLE when the bytes cannot be had; INTERRUPTED
 */
export function readImage(source: string | Source, options: ReadOptions): Promise<ReadImage> {
  return underWay(options.emit, 'read', async () => {
    const read = typeof source === 'string' ? await readInRanges(source, options) : null;
    return read ?? (await readInSequence(source, options));
  });
}

/** Reads an image in one piece: the way for every source and format, and the one that judges what is wrong with a stream. */
export async function readInSequence(source: string | Source, options: ReadOptions): Promise<ReadImage> {
  const { signal, emit } = options;
  const {
    name,
    chunks,
    size: total,
  } = typeof source === 'string' ? await openSource(source, signal, options.stallMs) : source;
  const hash = createHash('sha256');
  const reader = new ImageReader({ signal });
  const feed = new Feed(reader);
  const progress = (done: number, of: number | undefined) =>
    emit?.({
      ...{ type: 'progress', id: 'read', label: `reading ${name}`, done, total: of, unit: 'bytes' },
      note: `${reader.members} members`,
    });
  let size = 0;
  let reported = 0;
  let ended = false;
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) throw interrupted(signal);
      hash.update(chunk);
      size += chunk.length;
      await feed.write(chunk);
      if (size - reported < STEP) continue;
      reported = size;
      progress(size, total);
    }
    ended = true;
    await feed.end();
  } catch (error) {
    reader.destroy();
    if (signal.aborted) throw interrupted(signal);
    throw ended || error instanceof Fault ? error : sourceFault(error, name);
  }
  progress(size, total ?? size);
  return { name, ...reader.content, sha256: hash.digest('hex'), size };
}
