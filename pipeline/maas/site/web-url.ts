import { parseAddress } from './address.ts';

/** Up to here MAAS takes a URL. */
const LONGEST = 2048;
const SCHEME = String.raw`^([a-z][a-z0-9+.-]*):\/\/`;
const LOGIN = String.raw`[^\s:@/]+(?::[^\s:@/]*)?@`;
const HOST_AND_REST = String.raw`(\[[^\]\s]*\]|[^\s:@/?#[\]\\]+)(?::\d{2,5})?(?:[/?#]\S*)?$`;
/** Scheme and host, each looked at by itself. A login may look like a host with a query, and the other way round: http://a.example?b@c */
const READINGS = [LOGIN, ''].map((login) => new RegExp(SCHEME + login + HOST_AND_REST, 'i'));
const SCHEMES = ['http', 'https', 'ftp', 'ftps'];
/** Letters, digits, dashes; any letter that is not ASCII, too. */
const LABEL = /^[a-z0-9\u00a1-\uffff](?:[a-z0-9\u00a1-\uffff-]*[a-z0-9\u00a1-\uffff])?$/i;

/** Why MAAS' forms refuse a URL (Django's URLField, which wants a domain where DNS does not), or undefined. Its own message is `Enter a valid URL.` for all of these. */
export function urlFault(text: string): string | undefined {
  if (text.length > LONGEST) return 'MAAS does not accept a URL of that length';
  const faults = READINGS.flatMap((reading) => {
    const [, scheme = '', host = ''] = reading.exec(text) ?? [];
    if (!scheme) return [];
    return SCHEMES.includes(scheme.toLowerCase())
      ? [hostFault(host)]
      : [`MAAS does not accept a URL that starts with ${scheme}://`];
  });
  if (faults.length === 0) return 'MAAS does not accept this URL';
  return faults.includes(undefined) ? undefined : faults[0];
}

function hostFault(host: string): string | undefined {
  if (host.startsWith('['))
    return parseAddress(host.slice(1, -1)) ? undefined : 'this is not an IPv6 address';
  if (parseAddress(host) || host.toLowerCase() === 'localhost') return undefined;
  if (host.length > 253) return 'the host name is too long';
  const labels = host.replace(/\.$/, '').split('.');
  const top = labels.at(-1) ?? '';
  if (labels.length === 1 && LABEL.test(top))
    return `${JSON.stringify(host)} has no domain, and MAAS does not accept such a host`;
  if (labels.some((label) => label.length > 63 || !LABEL.test(label)))
    return `${JSON.stringify(host)} is not a host name`;
  // A name whose last part has a digit could be meant as an address.
  const named = top.length >= 2 && (!/\d/.test(top) || /^xn--[a-z0-9]+$/i.test(top));
  return named ? undefined : `MAAS does not accept a host that ends in ${JSON.stringify(`.${top}`)}`;
}
