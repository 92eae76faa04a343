import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';

/** Where an ISO comes from. */
export type Source =
  | { kind: 'path'; path: string }
  | {
      kind: 'url';
      /** Without credentials; its query may still hold a token and is never shown. */
      url: string;
      /** What may be shown: no credentials, no query. */
      shown: string;
      /** The name of the file, safe to be used as one. */
      name: string;
      headers: Record<string, string>;
    };

/** Takes a path, file:, http: or https: apart. User and password of a URL become a header and are registered as secrets. */
export function parseSource(source: string): Source {
  if (!/^(https?|file):/i.test(source)) return { kind: 'path', path: source };
  // The text itself may hold a password, so it is not repeated.
  if (!URL.canParse(source)) throw new Fault('ISO_NOT_FOUND', "The ISO's URL is not a valid URL");
  const url = new URL(source);
  if (url.protocol === 'file:') return { kind: 'path', path: fileURLToPath(url) };
  const user = decode(url.username);
  const password = decode(url.password);
  const headers: Record<string, string> = {};
  if (user || password) {
    registerSecret(password);
    const basic = Buffer.from(`${user}:${password}`).toString('base64');
    registerSecret(basic);
    headers.Authorization = `Basic ${basic}`;
  }
  // Signed URLs carry tokens in their query; shorter values are ordinary words.
  for (const value of url.searchParams.values()) if (value.length >= 16) registerSecret(value);
  url.username = '';
  url.password = '';
  url.hash = '';
  const name = decode(posix.basename(url.pathname))
    .replace(/[^\w.+-]+/g, '_')
    .slice(-200);
  return {
    kind: 'url',
    url: url.href,
    shown: url.origin + url.pathname,
    name: /[^._]/.test(name) ? name : 'installer.iso',
    headers,
  };
}

/** The text without percent signs; as it stands when they are no valid encoding. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
