import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { reasonOf } from '../../core/faults/system-causes.ts';

/** A file of this host cannot be read: not an error of the connection. */
export class Unreadable extends Error {
  constructor(cause: unknown) {
    super(reasonOf(cause), { cause });
    this.name = 'Unreadable';
  }
}

/**
 * Answers a GET or HEAD with a file, or the range of it that is asked for.
 * @throws Unreadable; errors of the connection
 */
export async function sendFile(
  file: FileHandle,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { size } = await file.stat();
  const range = rangeOf(request.headers.range, size);
  if (range === null)
    return void response.writeHead(416, { 'content-range': `bytes */${size}`, 'content-length': 0 }).end();
  const { start, end } = range ?? { start: 0, end: size - 1 };
  response.writeHead(range ? 206 : 200, {
    'content-length': end - start + 1,
    'accept-ranges': 'bytes',
    ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  if (request.method === 'HEAD' || end < start) return void response.end();
  await pipeline(partOf(file, start, end), response);
}

async function* partOf(file: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  let left = end - start + 1;
  try {
    const stream = file.createReadStream({ start, end, autoClose: false, highWaterMark: 1 << 20 });
    for await (const part of stream as AsyncIterable<Buffer>) {
      left -= part.length;
      yield part;
    }
  } catch (error) {
    throw new Unreadable(error);
  }
  if (left > 0) throw new Unreadable(new Error('it has become shorter'));
}

/**
 * The range that a header asks for (RFC 9110, 14.2); undefined: the whole file, as for several ranges or a header that is none.
 * Null: it begins after the end.
 */
export function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | undefined | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '');
  if (!match || (!match[1] && !match[2])) return undefined;
  const [, first, last] = match as unknown as [string, string, string];
  if (!first) {
    const length = Math.min(Number(last), size);
    return length === 0 ? null : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last && Number(last) < start) return undefined;
  return start >= size ? null : { start, end: Math.min(last ? Number(last) : size - 1, size - 1) };
}
