import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { interrupted } from '../../core/faults/interrupted.ts';
import { isInherited, openRegular } from '../../host/files/regular.ts';
import { createInspector } from '../facts/inspector.ts';
import { Feed } from './feed.ts';
import { Inflater, NotInRanges } from './gzip/inflate.ts';
import { type RangeLimits, Ranges } from './gzip/ranges.ts';
import type { ReadImage, ReadOptions } from './read-image.ts';
import { sourceFault } from './source.ts';

const STEP = 8 << 20;
/** Well below what the reader in sequence calls a bomb, since both look at different places of the file. */
const DENSE_BYTES = 4 * 2 ** 30;
const DENSE_RATIO = 300;

/**
 * Reads a gzip file of many members as `readInSequence` does, on all cores.
 * @returns null for everything else and for whatever is wrong with the stream: it is to be read in sequence
 * @throws Fault IMAGE_UNREADABLE when reading fails; INTERRUPTED
 */
export async function readInRanges(
  path: string,
  { signal, emit }: ReadOptions,
  limits?: RangeLimits,
): Promise<ReadImage | null> {
  const file = await openGzip(path);
  if (!file) return null;
  const { size: total } = await file.stat();
  const hash = createHash('sha256');
  let size = 0;
  const ranges = new Ranges(
    file,
    (chunk) => {
      hash.update(chunk);
      size += chunk.length;
    },
    limits,
  );
  const inflater = new Inflater(ranges);
  const inspector = createInspector({ signal });
  const tar = new Feed(inspector);
  let reported = 0;
  const progress = () =>
    emit?.({
      ...{ type: 'progress', id: 'read', label: `reading ${path}`, done: size, total, unit: 'bytes' },
      note: `${inspector.members} members`,
    });
  let ended = false;
  try {
    await inflater.run(async (chunk) => {
      if (signal.aborted) throw interrupted(signal);
      if (inspector.tarBytes > DENSE_BYTES && inspector.tarBytes > inflater.done * DENSE_RATIO)
        throw new NotInRanges();
      await tar.write(chunk);
      if (size - reported < STEP) return;
      reported = size;
      progress();
    });
    ended = true;
    await tar.end();
  } catch (error) {
    inspector.destroy();
    if (signal.aborted) throw interrupted(signal);
    if (error instanceof NotInRanges) return null;
    throw ended ? error : sourceFault(error, path);
  } finally {
    inflater.destroy();
    await file.close();
  }
  progress();
  return {
    name: path,
    facts: await inspector.facts(),
    stream: { format: 'gzip', whole: true, bytes: size, problem: null },
    sha256: hash.digest('hex'),
    size,
  };
}

/** The file when it is one and begins with a gzip's magic number. Whatever else is wrong with it, the other reader finds. */
async function openGzip(path: string): Promise<FileHandle | null> {
  if (path === '-' || isInherited(path)) return null;
  const file = await openRegular(path).catch(() => null);
  if (!file) return null;
  const head = Buffer.alloc(3);
  const { bytesRead } = await file.read(head, 0, 3, 0).catch(() => ({ bytesRead: 0 }));
  if (bytesRead === 3 && head.equals(Buffer.from('1f8b08', 'hex'))) return file;
  await file.close();
  return null;
}
