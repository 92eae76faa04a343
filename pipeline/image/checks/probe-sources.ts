import { proxyFor } from '../../host/http/proxy.ts';
import type { ImageFacts } from '../facts/facts.ts';

export type Archive = ImageFacts['apt']['archives'][number];

/** The answer of an archive to this host. */
export interface ProbedSource extends Archive {
  /** `dead`: `apt-get update` fails on it; `unreachable`: this host has no way there, which says nothing of the machines. */
  state: 'alive' | 'dead' | 'unreachable' | 'not-asked';
  said: string;
}

const EACH_MS = 10_000;
const ALL_MS = 60_000;
const AT_ONCE = 4;
const REDIRECTS = 10;
/** The host's own network, not the archive. */
const NO_WAY = new Set(['EAI_AGAIN', 'ENETUNREACH', 'ENETDOWN', 'EHOSTUNREACH']);

/**
 * Asks each archive of an image for its InRelease, else its Release, as `apt-get update` does first; a proxy of the environment is
 * taken. Ends within a minute, whatever they do.
 */
export async function probeSources(
  archives: readonly Archive[],
  { signal, eachMs = EACH_MS, allMs = ALL_MS }: { signal: AbortSignal; eachMs?: number; allMs?: number },
): Promise<ProbedSource[]> {
  const all = AbortSignal.any([signal, AbortSignal.timeout(allMs)]);
  const distinct = [...new Map(archives.map((a) => [`${a.uri} ${a.suite}`, a])).values()];
  const probed: ProbedSource[] = [];
  const queue = distinct.entries();
  const worker = async () => {
    for (const [i, archive] of queue) probed[i] = { ...archive, ...(await ask(archive, all, eachMs)) };
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  signal.throwIfAborted();
  return probed;
}

type Answer = Pick<ProbedSource, 'state' | 'said'>;

async function ask({ uri, suite }: Archive, all: AbortSignal, eachMs: number): Promise<Answer> {
  if (!/^https?:\/\//i.test(uri)) return { state: 'not-asked', said: `${uri.split(':')[0]}: is not tested` };
  if (all.aborted) return { state: 'not-asked', said: 'the time limit was reached' };
  const folder = `${uri.replace(/\/+$/, '')}/${suite.endsWith('/') ? suite.replace(/^\.?\/+/, '') : `dists/${suite}/`}`;
  let answer: Answer = { state: 'dead', said: 'no answer' };
  for (const name of ['InRelease', 'Release']) {
    answer = await get(`${folder}${name}`, all, eachMs);
    if (answer.said !== '404') break;
  }
  return answer;
}

async function get(url: string, all: AbortSignal, eachMs: number): Promise<Answer> {
  const { HttpClient } = await import('../../host/http/client.ts');
  const limit = AbortSignal.timeout(eachMs);
  const http = new HttpClient({ signal: AbortSignal.any([all, limit]), stallMs: eachMs });
  try {
    const answer = await http.send({ url, redirects: REDIRECTS });
    answer.discard();
    const { status } = answer;
    return { state: status >= 200 && status < 300 ? 'alive' : 'dead', said: String(status) };
  } catch (error) {
    if (all.aborted) return { state: 'not-asked', said: 'the time limit was reached' };
    const { kind, code } = error as { kind?: string; code?: string };
    if (limit.aborted || kind === 'stalled')
      return { state: 'dead', said: `no answer within ${eachMs / 1000} s` };
    if (kind === 'redirect') return { state: 'dead', said: (error as Error).message };
    const away = NO_WAY.has(code ?? '') || isProxied(url);
    return { state: away ? 'unreachable' : 'dead', said: code || 'no connection' };
  } finally {
    http.close();
  }
}

/** A proxy that cannot be used, and one that cannot reach the archive, say nothing of the machines. */
function isProxied(url: string): boolean {
  try {
    return proxyFor(new URL(url)) !== null;
  } catch {
    return true;
  }
}
