import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The accepted sources of an ISO, for messages. */
export const ISO_ACCEPTED = 'a path, or a URL with http or https';

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

/** A path as a person writes it (`~/` is the home folder) made absolute. */
export function absolutePath(text: string, base: string): string {
  return text === '~' || text.startsWith('~/') ? join(homedir(), text.slice(1)) : resolve(base, text);
}

/** Whether the text is a path, or a URL that can be downloaded. */
export function isIsoSource(text: string): boolean {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  return scheme === undefined || (['http', 'https'].includes(scheme) && URL.canParse(text));
}

/** The source of an ISO: a URL as it is, a path made absolute. */
export function isoSource(text: string, base: string): string {
  return SCHEME.test(text) ? text : absolutePath(text, base);
}

/** The folder for caches of the XDG base directory specification; relative values of the variable count as none. */
export function cacheHome(env: NodeJS.ProcessEnv): string {
  const set = env.XDG_CACHE_HOME;
  return set?.startsWith('/') ? set : join(env.HOME || homedir(), '.cache');
}
