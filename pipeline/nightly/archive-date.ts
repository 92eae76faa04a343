import { HttpClient } from '../host/http/client.ts';
import { HttpError } from '../host/http/http-error.ts';

/** Milliseconds for one archive, both names of its file. */
const WITHIN_MS = 10_000;
/** Bytes; the field stands near the top, before the sums. */
const MOST = 65_536;
const REDIRECTS = 10;
/** Clocks differ; what is further ahead would make every build look old until then. */
const FUTURE_MS = 24 * 3600 * 1000;

/**
 * The time of an archive's last publication: the field Date of its InRelease, or Release.
 * @param folder where these files are; it may hold a password
 * @returns milliseconds
 * @throws Error that says why it is not known, within ten seconds
 */
export async function archiveDate(folder: URL, signal: AbortSignal, withinMs = WITHIN_MS): Promise<number> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  const http = new HttpClient({ signal: within, stallMs: withinMs });
  let status = 0;
  try {
    for (const name of ['InRelease', 'Release']) {
      const url = new URL(name, folder);
      url.username = folder.username;
      url.password = folder.password;
      const answer = await http.send({ url, redirects: REDIRECTS });
      status = answer.status;
      if (status !== 200) {
        answer.discard();
        continue;
      }
      const date = dateIn(await start(answer.body));
      if (date === undefined) throw new Error(`${name} has no date`);
      if (date > Date.now() + FUTURE_MS)
        throw new Error(`${name} has a date in the future: ${new Date(date).toISOString()}`);
      return date;
    }
  } catch (error) {
    if (signal.aborted) throw error;
    const stalled = error instanceof HttpError && error.kind === 'stalled';
    if (within.aborted || stalled) throw new Error(`no answer within ${withinMs / 1000} s`);
    if (error instanceof HttpError) throw new Error(error.brief);
    throw error;
  } finally {
    http.close();
  }
  throw new Error(`HTTP ${status} for InRelease and Release`);
}

async function start(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part);
    size += part.length;
    if (size >= MOST) break;
  }
  return Buffer.concat(parts).toString('latin1');
}

/** The field's value as apt reads it: "Sat, 28 Nov 2026 08:15:33 UTC". */
function dateIn(text: string): number | undefined {
  const value = /^Date:[ \t]*(.{1,64})$/im.exec(text.slice(0, MOST))?.[1];
  const date = Date.parse(value?.trim() ?? '');
  return Number.isNaN(date) ? undefined : date;
}
