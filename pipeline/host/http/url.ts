import { registerSecret } from '../../core/secrets/registry.ts';

/** A URL as it may be asked and as it may be shown. */
export interface BareUrl {
  /** Without user, password and fragment; its query may still hold a token. */
  url: URL;
  /** Without the query too. */
  shown: string;
  /** User and password as a header; absent where there are none. */
  authorization?: string;
}

/** Takes user and password out of a URL; they are secrets from then on. */
export function bareUrl(given: URL): BareUrl {
  const url = new URL(given);
  const user = decoded(url.username);
  const password = decoded(url.password);
  url.username = '';
  url.password = '';
  url.hash = '';
  const shown = url.origin + url.pathname;
  if (user === '' && password === '') return { url, shown };
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  registerSecret(password);
  registerSecret(basic);
  return { url, shown, authorization: `Basic ${basic}` };
}

/** Makes secrets of what a signed URL carries in its query: for URLs from outside, since those of MAAS carry names. */
export function registerQuery(url: URL): void {
  // Shorter values are ordinary words.
  for (const value of url.searchParams.values()) if (value.length >= 16) registerSecret(value);
}

/** The text without percent escapes; as it stands when they are not valid. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
