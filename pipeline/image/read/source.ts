import { type FileHandle, open, stat } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { isInherited, kindOf, openRegular } from '../../host/files/regular.ts';
import type { HttpAnswer, HttpClient } from '../../host/http/client.ts';

export interface Source {
  /** For messages; a URL without its credentials and query. */
  name: string;
  /** The bytes in order; a chunk may be overwritten once the one after the next is asked for. */
  chunks: AsyncIterable<Buffer>;
  /** Bytes, where known. */
  size: number | undefined;
}

const CHUNK = 256 << 10;
/** Milliseconds without a byte after which a server counts as dead. */
const STALL_MS = 60_000;
const REDIRECTS = 10;

/**
 * Opens an image: a path, `-` for stdin, an http or https URL.
 * @param stallMs milliseconds that a server may be silent
 * @throws Fault IMAGE_UNREADABLE when there is none to read
 */
export async function openSource(source: string, signal: AbortSignal, stallMs = STALL_MS): Promise<Source> {
  // Somebody who waits for more on stdin is ended by a signal too.
  if (source === '-')
    return { name: 'stdin', chunks: addAbortSignal(signal, process.stdin), size: undefined };
  if (/^https?:\/\//i.test(source)) return openUrl(source, signal, stallMs);
  return fileSource(source);
}

/**
 * Opens an image that is a file.
 * @throws Fault IMAGE_UNREADABLE when there is none to read, NO_PERMISSION
 */
export async function fileSource(path: string): Promise<Source> {
  let info: Awaited<ReturnType<typeof stat>>;
  try {
    info = await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Fault('IMAGE_UNREADABLE', `There is no file ${path}`, {
        hint: 'Give the path of a .tar.gz, .tar.xz, .tar.bz2 or .tar, an http(s) URL, or - for stdin.',
      });
    throw fromSystemError(error, `opening ${path}`);
  }
  const kind = isInherited(path) ? undefined : kindOf(info);
  if (kind !== undefined)
    throw new Fault('IMAGE_UNREADABLE', `${path} is ${kind}, not a file`, {
      hint: 'Use the image file itself; - takes a stream from stdin.',
    });
  return {
    name: path,
    chunks: readFile(await openFile(path)),
    size: info.isFile() ? info.size : undefined,
  };
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return isInherited(path) ? await open(path) : await openRegular(path);
  } catch (error) {
    throw fromSystemError(error, `opening ${path}`);
  }
}

/** A file's bytes through two buffers that take turns: an image of any size costs no more memory than these. */
async function* readFile(file: FileHandle): AsyncGenerator<Buffer> {
  try {
    const buffers = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)];
    const read = (turn: number) => file.read(buffers[turn % 2]!, 0, CHUNK);
    let next = read(0);
    for (let turn = 0; ; turn++) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) return;
      // Read ahead while this chunk is worked on.
      next = read(turn + 1);
      next.catch(() => {});
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function openUrl(source: string, signal: AbortSignal, stallMs: number): Promise<Source> {
  // Loaded for URLs only: most images are files.
  const client = await import('../../host/http/client.ts');
  const { bareUrl, registerQuery } = await import('../../host/http/url.ts');
  const url = parsed(source);
  registerQuery(url);
  const name = bareUrl(url).shown;
  const http = new client.HttpClient({ signal, stallMs });
  let answer: HttpAnswer;
  try {
    answer = await http.send({ url, redirects: REDIRECTS });
  } catch (error) {
    http.close();
    if (error instanceof Fault) throw error;
    throw new Fault('IMAGE_UNREADABLE', `Cannot fetch ${name}: ${reason(error)}`, { cause: error });
  }
  if (answer.status < 200 || answer.status > 299) {
    answer.discard();
    http.close();
    throw new Fault('IMAGE_UNREADABLE', `${name} answers ${answer.status} ${answer.statusText}`.trim());
  }
  const length = answer.headers.get('content-length');
  return { name, chunks: bodyOf(answer, http), size: length === null ? undefined : Number(length) };
}

async function* bodyOf(answer: HttpAnswer, http: HttpClient): AsyncGenerator<Buffer> {
  try {
    yield* answer.body;
  } finally {
    http.close();
  }
}

function parsed(source: string): URL {
  // The text itself may hold a password, so it is not repeated.
  if (!URL.canParse(source)) throw new Fault('IMAGE_UNREADABLE', "The image's URL is not a valid URL");
  return new URL(source);
}

/** The error, in few words. */
function reason(error: unknown): string {
  if (error instanceof Error && 'brief' in error) return String(error.brief);
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

/** The fault for a source that broke while it was read. */
export function sourceFault(error: unknown, name: string): Fault {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return fromSystemError(error, `reading ${name}`);
  return new Fault('IMAGE_UNREADABLE', `Reading ${name} failed: ${reason(error)}`, { cause: error });
}
