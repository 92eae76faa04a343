import { HttpError } from './http-error.ts';
import { bareUrl, registerQuery } from './url.ts';

/** The target of a request, and its headers. */
export interface Hop {
  url: URL;
  headers: Record<string, string>;
}

interface Redirecting {
  status: number;
  headers: { get(name: string): string | null };
}

const STATUSES = new Set([301, 302, 303, 307, 308]);

/**
 * The next request of a GET: undefined when the answer is not a redirect, an error when it must not be followed. Whoever could read along
 * learns nothing new: never from https to http. Credentials are sent to the origin that they are meant for only, and a
 * redirect within it takes it along.
 */
export function nextHop({ url, headers }: Hop, answer: Redirecting): Hop | HttpError | undefined {
  const location = answer.headers.get('location');
  if (!STATUSES.has(answer.status) || location === null) return undefined;
  if (!URL.canParse(location, url))
    return new HttpError('redirect', 'the server redirects to what is not a URL');
  const to = bareUrl(new URL(location, url));
  registerQuery(to.url);
  if (!/^https?:$/.test(to.url.protocol))
    return new HttpError('redirect', `the server redirects to ${to.url.protocol}, which is not followed`);
  if (url.protocol === 'https:' && to.url.protocol === 'http:')
    return new HttpError('redirect', 'the server redirects from https to http, which is not followed');
  const same = to.url.origin === url.origin;
  const kept = Object.entries(headers).filter(([name]) => same || !/^(authorization|cookie)$/i.test(name));
  return {
    url: to.url,
    headers: {
      ...Object.fromEntries(kept),
      ...(to.authorization ? { Authorization: to.authorization } : {}),
    },
  };
}
