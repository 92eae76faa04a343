import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../core/faults/fault.ts';
import { bareUrl, decoded, registerQuery } from '../../host/http/url.ts';

/** The source of an ISO. */
export type Source =
  | { kind: 'path'; path: string }
  | {
      kind: 'url';
      /** Without credentials; its query may still hold a token and is never shown. */
      url: string;
      /** The form that may be shown: no credentials, no query. */
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
  registerQuery(url);
  const { url: bare, shown, authorization } = bareUrl(url);
  const name = decoded(posix.basename(url.pathname))
    .replace(/[^\w.+-]+/g, '_')
    .slice(-200);
  return {
    kind: 'url',
    url: bare.href,
    shown,
    name: /[^._]/.test(name) ? name : 'installer.iso',
    headers: authorization ? { Authorization: authorization } : {},
  };
}
