import { Fault } from '../core/faults/fault.ts';

const API = '/api/2.0/';

/**
 * The base of a MAAS, without a slash at its end: `http://maas.example:5240/MAAS`. Accepted are the forms that the maas
 * command and the terraform provider take: with or without slash, with or without `/api/2.0/`, or the bare host.
 * @throws Fault CONFIG_INVALID
 */
export function maasUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw invalid(`"${text}" is not a URL`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalid(`A MAAS URL starts with http:// or https://, not with ${url.protocol}//`);
  if (url.username || url.password) throw invalid('A MAAS URL must not contain a user name or password');
  if (url.search || url.hash) throw invalid('A MAAS URL must not contain a query or fragment');
  const path = url.pathname.replace(/\/+$/, '').replace(/\/api\/[0-9.]+$/, '');
  return `${url.origin}${path === '' ? '/MAAS' : path}`;
}

function invalid(message: string): Fault {
  return new Fault('CONFIG_INVALID', message, { hint: 'For example: http://maas.example:5240/MAAS' });
}

/** The address of an API 2.0 endpoint, such as `boot-resources/`; the trailing slash is part of its name. */
export function apiUrl(base: string, path: string): string {
  return `${base}${API}${path}`;
}

/**
 * The endpoint that a `resource_uri` or `upload_uri` names, as a path for `apiUrl`. The server gives paths from its own
 * root, which a proxy in front may have moved, so only what follows the API's version counts.
 */
export function endpointOf(uri: string): string {
  const at = uri.indexOf(API);
  return at < 0 ? uri.replace(/^\/+/, '') : uri.slice(at + API.length);
}
