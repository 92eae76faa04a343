import { open, readFile, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import fetch, { type Response } from 'node-fetch';
import writeFileAtomic from 'write-file-atomic';
import type { Emit } from '../../core/events/event.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { agentFor } from '../../host/http/proxy.ts';
import { interrupted } from '../../host/process/run.ts';
import type { Source } from './source.ts';

type UrlSource = Extract<Source, { kind: 'url' }>;

/** A failure that the next attempt may not have: the network, or a server that is busy. */
export class Transient extends Error {
  readonly retryAfterMs: number | undefined;
  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** What tells one state of the file on the server from another. */
interface Validators {
  shown: string;
  etag: string | null;
  lastModified: string | null;
}

/** Milliseconds without a byte after which a connection counts as dead. */
const STALL_MS = 60_000;

/**
 * One attempt to bring `part` to its end, from where it stands. Returns when the server says that nothing is missing.
 * @throws Transient when another attempt may help; Fault when not
 */
export async function transfer(
  source: UrlSource,
  part: string,
  context: { emit: Emit; signal?: AbortSignal; stallMs?: number },
): Promise<void> {
  const stall = new AbortController();
  const signal = AbortSignal.any([stall.signal, ...(context.signal ? [context.signal] : [])]);
  const watchdog = setTimeout(() => stall.abort(), context.stallMs ?? STALL_MS);
  try {
    const { response, from, whole } = await request(source, part, signal);
    if (response)
      await receive(response, { from, whole }, part, source, context.emit, () => watchdog.refresh());
  } catch (error) {
    if (context.signal?.aborted) throw interrupted(context.signal);
    if (stall.signal.aborted) throw new Transient('the server stopped sending');
    if (error instanceof Transient || error instanceof Fault) throw error;
    const { code, type } = error as NodeJS.ErrnoException & { type?: string };
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EACCES' || code === 'EROFS')
      throw fromSystemError(error, `downloading ${source.shown} to ${dirname(part)}`);
    if (type?.endsWith('redirect'))
      throw new Fault('ISO_DOWNLOAD', `${source.shown}: the server redirects without an end`, {
        hint: 'Check `iso.source`.',
      });
    // A FetchError's message holds the whole URL, so only its code is passed on.
    throw new Transient(code ?? type ?? 'the connection broke');
  } finally {
    clearTimeout(watchdog);
    stall.abort();
  }
}

/** Asks for what is missing. No response: nothing is. */
async function request(
  source: UrlSource,
  part: string,
  signal: AbortSignal,
): Promise<{ response?: Response; from: number; whole?: number | undefined }> {
  const from = await stat(part).then(
    (s) => s.size,
    () => 0,
  );
  const known = await readValidators(part);
  const headers: Record<string, string> = { ...source.headers };
  if (from > 0) {
    headers.Range = `bytes=${from}-`;
    const same = known?.shown === source.shown ? known : undefined;
    // RFC 9110, 13.1.5: only a strong ETag may stand in If-Range.
    const validator = same?.etag && !same.etag.startsWith('W/') ? same.etag : same?.lastModified;
    if (validator) headers['If-Range'] = validator;
  }
  // compress: false, since a range counts the bytes of the file as it is.
  const response = await fetch(source.url, { headers, signal, agent: agentFor, compress: false });
  if (response.status === 200) return { response, from: 0 };
  if (response.status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    const etag = response.headers.get('etag');
    const changed = known?.shown === source.shown && known.etag && etag && known.etag !== etag;
    if (Number(range?.[1]) === from && !changed) return { response, from, whole: wholeOf(range?.[2]) };
    // Read by nobody, it would keep the connection.
    response.body?.resume();
    throw await startOver(
      part,
      changed ? 'the file on the server has changed' : 'the server sent another part',
    );
  }
  if (response.status === 416 && from > 0) {
    const total = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
    response.body?.resume();
    if (Number(total) === from) return { from };
    throw await startOver(part, 'the server has a file of another size');
  }
  throw refusal(response, source);
}

/** What is here does not go with what the server has: the next attempt begins anew. It is an attempt like others, with a pause. */
async function startOver(part: string, why: string): Promise<Transient> {
  await discard(part);
  return new Transient(why);
}

/** The size of the whole file, where a Content-Range says it. */
function wholeOf(total: string | undefined): number | undefined {
  return total === undefined || total === '*' ? undefined : Number(total);
}

/** Removes what was downloaded so far. */
export async function discard(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.json`, { force: true });
}

async function receive(
  response: Response,
  { from, whole }: { from: number; whole: number | undefined },
  part: string,
  source: UrlSource,
  emit: Emit,
  alive: () => void,
): Promise<void> {
  const length = response.headers.get('content-length');
  const total = whole ?? (length === null ? undefined : from + Number(length));
  await assertSpace(part, total === undefined ? 0 : total - from, source);
  if (from === 0) await writeValidators(part, source, response);
  const file = await open(part, from === 0 ? 'w' : 'r+');
  let done = from;
  let shownAt = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      alive();
      await file.write(chunk, 0, chunk.length, done);
      done += chunk.length;
      if (performance.now() - shownAt < 200) continue;
      shownAt = performance.now();
      emit({ type: 'progress', id: 'iso', label: `Downloading ${source.name}`, done, total, unit: 'bytes' });
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (total !== undefined && done < total)
    throw new Transient(`the connection ended ${total - done} bytes early`);
  emit({
    type: 'progress',
    id: 'iso',
    label: `Downloading ${source.name}`,
    done,
    total: done,
    unit: 'bytes',
  });
}

/** @throws Fault DISK_FULL before hours are spent on a download that cannot fit */
async function assertSpace(part: string, bytes: number, source: UrlSource): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(part));
  if (bavail * bsize >= bytes) return;
  throw new Fault(
    'DISK_FULL',
    `${source.shown} needs ${bytes} more bytes; ${dirname(part)} has ${bavail * bsize}`,
    {
      hint: 'Free some space, or set XDG_CACHE_HOME to a larger disk, and run the command again.',
    },
  );
}

function refusal(response: Response, source: UrlSource): Error {
  const { status } = response;
  const said = `${source.shown}: the server answered ${status} ${response.statusText}`.trim();
  if (status >= 500 || status === 429 || status === 408) {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    return new Transient(
      `the server answered ${status}`,
      Number.isFinite(seconds) ? seconds * 1000 : undefined,
    );
  }
  if (status === 401 || status === 403)
    return new Fault('NO_PERMISSION', said, {
      hint: 'Credentials go into the URL (https://user:password@host/…); or download the ISO by hand and set its path.',
    });
  if (status === 404 || status === 410)
    return new Fault('ISO_NOT_FOUND', said, { hint: 'Check `iso.source`.' });
  return new Fault('ISO_DOWNLOAD', said);
}

async function readValidators(part: string): Promise<Validators | undefined> {
  try {
    return JSON.parse(await readFile(`${part}.json`, 'utf8')) as Validators;
  } catch {
    return undefined;
  }
}

async function writeValidators(part: string, source: UrlSource, response: Response): Promise<void> {
  const validators: Validators = {
    shown: source.shown,
    etag: response.headers.get('etag'),
    lastModified: response.headers.get('last-modified'),
  };
  // The old content goes first: bytes of one state never stand beside the validators of another.
  await rm(part, { force: true });
  await writeFileAtomic(`${part}.json`, JSON.stringify(validators));
}
