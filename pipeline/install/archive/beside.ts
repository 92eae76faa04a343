import { dirname, join } from 'node:path';
import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { readBounded } from '../../host/files/regular.ts';
import { HttpClient } from '../../host/http/client.ts';
import { HttpError } from '../../host/http/http-error.ts';
import { RetryBudget } from '../../host/http/retry-budget.ts';
import type { Source } from '../iso/source.ts';

/** Milliseconds without a byte. */
const STALL_MS = 30_000;
const REDIRECTS = 10;
const ATTEMPTS = 3;

/** A file that could not be had, though it may be there. */
export class NotReadable extends Error {}

/**
 * A small file in the folder, local or at a URL, of another one. It is asked for with the same login and query.
 * @param most bytes
 * @returns undefined where there is none
 * @throws NotReadable with the reason; Fault INTERRUPTED
 */
export async function besideOf(
  source: Source,
  name: string,
  most: number,
  { signal, retryMs }: { signal: AbortSignal; retryMs?: number },
): Promise<Buffer | undefined> {
  if (source.kind === 'path')
    return await readBounded(join(dirname(source.path), name), most).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw new NotReadable(error.message);
    });
  const url = new URL(name, source.url);
  url.search = new URL(source.url).search;
  const budget = new RetryBudget({
    ...{
      totalS: Number.POSITIVE_INFINITY,
      tries: ATTEMPTS,
      baseMs: retryMs ?? 1000,
      capMs: 5000,
      askedCapMs: 5000,
    },
  });
  budget.reached();
  const http = new HttpClient({ signal, stallMs: STALL_MS });
  try {
    for (;;)
      try {
        return await ask(http, url, source.headers, most);
      } catch (error) {
        if (signal.aborted) throw interrupted(signal);
        if (!(error instanceof HttpError)) throw error;
        if (error.kind === 'too-large') throw new NotReadable(`it has more than ${most} bytes`);
        const passing = new Fault('ISO_DOWNLOAD', error.brief);
        await budget
          .pause(passing, signal, () => {})
          .catch((end: unknown) => {
            throw end === passing ? new NotReadable(passing.message) : end;
          });
      }
  } finally {
    http.close();
  }
}

async function ask(
  http: HttpClient,
  url: URL,
  headers: Record<string, string>,
  most: number,
): Promise<Buffer | undefined> {
  const answer = await http.send({ url, headers, redirects: REDIRECTS });
  const { status, statusText } = answer;
  if (status === 200) {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of answer.body) {
      length += part.length;
      if (length > most) throw new HttpError('too-large', 'too large');
      parts.push(part);
    }
    return Buffer.concat(parts);
  }
  answer.discard();
  if (status === 404 || status === 410) return undefined;
  const said = `the server answered ${status} ${statusText}`.trim();
  // Only what passes is tried again.
  if (status >= 500 || status === 408 || status === 429) throw new HttpError('network', said);
  throw new NotReadable(said);
}
