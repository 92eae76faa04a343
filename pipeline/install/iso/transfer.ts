import { open, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Emit } from '../../core/events/event.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { object, orNull, type Shape, text } from '../../host/files/shape.ts';
import { type HttpAnswer, HttpClient } from '../../host/http/client.ts';
import { HttpError } from '../../host/http/http-error.ts';
import { rangeHeaders, readRange, type Validators, validatorsOf } from '../../host/http/range.ts';
import { retryAfterS } from '../../host/http/retry-budget.ts';
import type { Source } from './source.ts';

type UrlSource = Extract<Source, { kind: 'url' }>;

/** A failure that the next attempt may not have: the network, or a server that is busy. */
export class Interruption extends Fault {
  /** Seconds, from Retry-After. */
  readonly retryAfterS: number | undefined;
  constructor(message: string, retryAfterS?: number) {
    super('ISO_DOWNLOAD', message);
    this.retryAfterS = retryAfterS;
  }
}

/** The validators of one state of the file on the server; kept beside the partial download of it. */
interface PartRecord extends Validators {
  shown: string;
}

const PART_RECORD: Shape<PartRecord> = object({
  shown: text,
  etag: orNull(text),
  lastModified: orNull(text),
});

/** Milliseconds without a byte after which a connection counts as dead. */
const STALL_MS = 60_000;

/** Redirects that are followed, as curl and browsers bound them, or less. */
const REDIRECTS = 10;

/**
 * One attempt to bring `part` to its end, from where it stands. Returns when the server says that nothing is missing.
 * @throws Interruption when another attempt may help; another Fault when not
 */
export async function transfer(
  source: UrlSource,
  part: string,
  context: { emit: Emit; signal?: AbortSignal; stallMs?: number },
): Promise<void> {
  const signal = context.signal ?? new AbortController().signal;
  const http = new HttpClient({ signal, stallMs: context.stallMs ?? STALL_MS });
  try {
    const found = await request(http, source, part);
    if (found) await receive(found, part, source, context.emit);
  } catch (error) {
    if (signal.aborted) throw interrupted(signal);
    if (error instanceof Fault) throw error;
    if (!(error instanceof HttpError))
      throw fromSystemError(error, `downloading ${source.shown} to ${dirname(part)}`);
    if (error.kind === 'redirect')
      throw new Fault('ISO_DOWNLOAD', `${source.shown}: ${error.message}`, {
        hint: 'Correct the URL in the configuration.',
      });
    throw new Interruption(error.kind === 'stalled' ? 'the server stopped sending' : error.brief);
  } finally {
    http.close();
  }
}

interface Found {
  answer: HttpAnswer;
  /** The byte of the file that the answer begins with. */
  from: number;
  /** Bytes of the whole file. */
  total: number | undefined;
}

/** Asks for what is missing; undefined: nothing is. */
async function request(http: HttpClient, source: UrlSource, part: string): Promise<Found | undefined> {
  const from = await stat(part).then(
    (s) => s.size,
    () => 0,
  );
  const record = await readRecord(part);
  const known = record?.shown === source.shown ? record : undefined;
  const headers = { ...source.headers, ...rangeHeaders(from, known) };
  const answer = await http.send({ url: source.url, headers, redirects: REDIRECTS });
  const found = readRange(answer, from, known);
  if (found?.part === 'whole') return { answer, from: 0, total: found.total };
  if (found?.part === 'rest') return { answer, from, total: found.total };
  answer.discard();
  if (found === undefined) throw rejection(answer, source);
  if (found.part === 'nothing') return undefined;
  // The next attempt begins anew; it is one like others, with a pause.
  await discard(part);
  throw new Interruption(found.why);
}

/** Removes what was downloaded so far. */
export async function discard(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.json`, { force: true });
}

async function receive(
  { answer, from, total }: Found,
  part: string,
  source: UrlSource,
  emit: Emit,
): Promise<void> {
  await assertSpace(part, total === undefined ? 0 : total - from, source);
  if (from === 0) await writeRecord(part, source, answer);
  const file = await open(part, from === 0 ? 'w' : 'r+');
  let done = from;
  let shownAt = 0;
  try {
    for await (const chunk of answer.body) {
      await file.write(chunk, 0, chunk.length, done);
      done += chunk.length;
      if (performance.now() - shownAt < 200) continue;
      shownAt = performance.now();
      emit({ type: 'progress', id: 'iso', label: `Downloading ${source.name}`, done, total, unit: 'bytes' });
    }
    await file.sync();
  } finally {
    emit({ type: 'activity-end', id: 'iso' });
    await file.close();
  }
  if (total !== undefined && done < total)
    throw new Interruption(`the connection ended ${total - done} bytes early`);
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

function rejection(answer: HttpAnswer, source: UrlSource): Fault {
  const { status } = answer;
  const said = `${source.shown}: the server answered ${status} ${answer.statusText}`.trim();
  if (status >= 500 || status === 429 || status === 408)
    return new Interruption(`the server answered ${status}`, retryAfterS(answer.headers.get('retry-after')));
  if (status === 401 || status === 403)
    return new Fault('NO_PERMISSION', said, {
      hint: 'Put credentials into the URL (https://user:password@host/…), or download the file yourself and set its path.',
    });
  if (status === 404 || status === 410)
    return new Fault('ISO_NOT_FOUND', said, { hint: 'Correct the URL in the configuration.' });
  return new Fault('ISO_DOWNLOAD', said);
}

async function readRecord(part: string): Promise<PartRecord | undefined> {
  return readJsonOrMiss(`${part}.json`, PART_RECORD);
}

async function writeRecord(part: string, source: UrlSource, answer: HttpAnswer): Promise<void> {
  const record: PartRecord = { shown: source.shown, ...validatorsOf(answer) };
  // The old data is deleted first: bytes of one state are never kept with the validators of another.
  await rm(part, { force: true });
  await writeFileAtomic(`${part}.json`, JSON.stringify(record));
}
