import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Text that a user writes (configurations, keys, lists) has some kB; this is far above, and fits into memory. */
export const LARGEST_TEXT = 16 << 20;

/** A path that leads to something else than a file; has a `code` as errors of the system do. */
export class NotRegular extends Error {
  readonly code: 'EISDIR' | 'ENOTREG';
  constructor(path: string, kind: string) {
    super(`${path} is ${kind}, not a file`);
    this.name = 'NotRegular';
    this.code = kind === 'a folder' ? 'EISDIR' : 'ENOTREG';
  }
}

/** A file that is larger than any valid one can be. */
export class TooLarge extends Error {
  readonly code = 'EFBIG';
  constructor(path: string, most: number) {
    super(`${path} has more than ${most} bytes`);
    this.name = 'TooLarge';
  }
}

/** The kind of a path's target, in the words of a message; undefined for a file. */
export function kindOf(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return 'a device';
  return 'something else';
}

/** Whether a path is a descriptor that the shell has opened for us: `<(command)`, `/dev/stdin`. */
export function isInherited(path: string): boolean {
  return /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/.test(path);
}

/**
 * Opens a file for reading. Never waits: a named pipe without a writer would hold up a plain `open` for ever.
 * @throws NotRegular for a folder, pipe, socket or device; the system's own errors
 */
export async function openRegular(path: string): Promise<FileHandle> {
  return (await openWithStats(path)).file;
}

async function openWithStats(path: string): Promise<{ file: FileHandle; stats: Stats }> {
  let file: FileHandle;
  try {
    file = await open(path, WITHOUT_WAITING);
  } catch (error) {
    throw notOpened(path, error);
  }
  try {
    const stats = await file.stat();
    assertFile(path, stats);
    return { file, stats };
  } catch (error) {
    await file.close();
    throw error;
  }
}

const WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK;

/** Errors of Linux when a socket is opened, or a device without a driver. */
function notOpened(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENXIO' ? new NotRegular(path, 'a socket or a device') : error;
}

function assertFile(path: string, stats: Stats): void {
  const kind = kindOf(stats);
  if (kind !== undefined) throw new NotRegular(path, kind);
}

/**
 * The bytes of a file that a user named, or of a descriptor that the shell opened.
 * @param most bytes
 * @throws NotRegular, TooLarge, the system's own errors
 */
export async function readBounded(path: string, most = LARGEST_TEXT): Promise<Buffer> {
  const { file, stats } = isInherited(path)
    ? { file: await open(path, 'r'), stats: undefined }
    : await openWithStats(path);
  try {
    // One byte more than the file has, so that it is whole before the buffer is full.
    let buffer: Buffer = Buffer.allocUnsafe(Math.min(stats?.size ?? 0, most) + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (length > most) throw new TooLarge(path, most);
      if (bytesRead === 0) return buffer.subarray(0, length);
      if (length === buffer.length) buffer = enlarged(buffer, most + 1);
    }
  } finally {
    await file.close();
  }
}

/**
 * A small text of our own, at once: a night reads hundreds of them, and each of the five waits for a thread that `readBoundedText` takes is
 * longer than all of this.
 * @throws NotRegular, TooLarge, the system's own errors
 */
export function readSmallText(path: string, most = LARGEST_TEXT): string {
  let file: number;
  try {
    file = openSync(path, WITHOUT_WAITING);
  } catch (error) {
    throw notOpened(path, error);
  }
  try {
    const stats = fstatSync(file);
    assertFile(path, stats);
    if (stats.size > most) throw new TooLarge(path, most);
    let buffer: Buffer = Buffer.allocUnsafe(stats.size + 1);
    for (let length = 0; ; ) {
      const bytesRead = readSync(file, buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (length > most) throw new TooLarge(path, most);
      if (bytesRead === 0) return buffer.toString('utf8', 0, length);
      if (length === buffer.length) buffer = enlarged(buffer, most + 1);
    }
  } finally {
    closeSync(file);
  }
}

function enlarged(buffer: Buffer, most: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.min(Math.max(2 * buffer.length, 64 << 10), most));
  buffer.copy(larger);
  return larger;
}

/** Like `readBounded`, as UTF-8. */
export async function readBoundedText(path: string, most = LARGEST_TEXT): Promise<string> {
  return (await readBounded(path, most)).toString('utf8');
}
