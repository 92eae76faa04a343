import type { RawProxy } from './raw-site.ts';

/** A text in which no URL shows its password. */
export function concealed(text: string): string {
  return text.replace(/(:\/\/[^/\s:@]*:)[^/\s]*@/g, '$1***@');
}

/** The mode of the proxy in the site file, from MAAS' three settings. */
export function proxyMode(settings: ReadonlyMap<string, unknown>): RawProxy['mode'] {
  if (settings.get('enable_http_proxy') === false) return 'none';
  if (!settings.get('http_proxy')) return 'builtin';
  return settings.get('use_peer_proxy') === true ? 'peer' : 'external';
}

/** The proxy in a few words, without its password. */
export function proxyText(settings: ReadonlyMap<string, unknown>): string {
  const url = settings.get('http_proxy');
  const mode = proxyMode(settings);
  return typeof url === 'string' && url && mode !== 'none' ? `${mode} ${concealed(url)}` : mode;
}
