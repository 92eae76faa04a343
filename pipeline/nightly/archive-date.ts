import fetch from 'node-fetch';
import { registerSecret } from '../core/secrets/registry.ts';
import { agentFor } from '../host/http/proxy.ts';

/** Milliseconds for one archive, both names of its file. */
const WITHIN_MS = 10_000;
/** Bytes; the field stands near the top, before the sums. */
const MOST = 65_536;
/** Clocks differ; what is further ahead would make every build look old until then. */
const FUTURE_MS = 24 * 3600 * 1000;

/**
 * When an archive was last published: the field Date of its InRelease, or Release.
 * @param folder where these files are; it may hold a password
 * @returns milliseconds
 * @throws Error that says why it is not known, within ten seconds
 */
export async function archiveDate(folder: URL, signal: AbortSignal, withinMs = WITHIN_MS): Promise<number> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  let status = 0;
  try {
    for (const name of ['InRelease', 'Release']) {
      const { url, headers } = asked(new URL(name, folder));
      const response = await fetch(url, { headers, agent: agentFor(url), signal: within });
      status = response.status;
      if (response.status !== 200) {
        response.body?.resume?.();
        continue;
      }
      const date = dateIn(await start(response.body));
      if (date === undefined) throw new Error(`${name} has no date`);
      if (date > Date.now() + FUTURE_MS)
        throw new Error(`${name} has a date in the future: ${new Date(date).toISOString()}`);
      return date;
    }
  } catch (error) {
    if (signal.aborted) throw error;
    if (within.aborted) throw new Error(`no answer within ${withinMs / 1000} s`);
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(code ?? message);
  }
  throw new Error(`HTTP ${status} for InRelease and Release`);
}

/** The URL without a name and password, and these as a header: the client refuses them in a URL. */
function asked(given: URL): { url: URL; headers: Record<string, string> } {
  const url = new URL(given);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  if (username === '' && password === '') return { url, headers: {} };
  registerSecret(decodeURIComponent(password));
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url, headers: { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

async function start(body: NodeJS.ReadableStream | null): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    parts.push(Buffer.from(part));
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
