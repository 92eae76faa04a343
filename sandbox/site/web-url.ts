import { parseAddress } from './address.ts';

const LETTER = 'a-z\\d\\u00a1-\\uffff';
const LABEL = `[${LETTER}](?:[${LETTER}-]{0,61}[${LETTER}])?`;
/** The last part of a name has no digit, unless it is Punycode. */
const TOP = '(?!-)(?:[a-z\\u00a1-\\uffff-]{2,63}|xn--[a-z\\d]{1,59})(?<!-)';
const NAME = new RegExp(`^(?:localhost|(?:${LABEL}\\.)+${TOP}\\.?)$`, 'i');

/** Whether Django's URLField takes a text, by which MAAS' forms judge URLs. */
export function isWebUrl(text: string): boolean {
  const [scheme] = /^(?:https?|ftps?):\/\//i.exec(text) ?? [];
  if (scheme === undefined || text.length > 2048 || /\s/.test(text)) return false;
  const rest = text.slice(scheme.length);
  const [login = ''] = /^[^:@/]+(?::[^:@/]*)?@/.exec(rest) ?? [];
  // Text that looks like a login may stand behind the host: http://a.example?b@c
  return [rest.slice(login.length), rest].some((at) => isHost(/^[^/?#]*/.exec(at)?.[0] ?? ''));
}

/** A host with a port or without. */
function isHost(text: string): boolean {
  const host = text.replace(/:\d{2,5}$/, '');
  if (host.startsWith('[') && host.endsWith(']')) return parseAddress(host.slice(1, -1))?.family === 6;
  return parseAddress(host)?.family === 4 || (host.length <= 253 && NAME.test(host));
}
