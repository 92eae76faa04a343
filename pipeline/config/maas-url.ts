/** What is accepted as the address of a MAAS, for messages. */
export const MAAS_URL_ACCEPTED =
  'an http or https URL ending in /MAAS, such as http://maas.example:5240/MAAS, without user or password';

/** A target's URL ending in `/MAAS`; also taken: a slash or `/api/2.0/` behind it. Null when it is anything else. */
export function normaliseMaasUrl(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const path = url.pathname.replace(/\/+$/, '').replace(/\/api\/2\.0$/, '');
  const plain = !url.username && !url.password && !url.search && !url.hash;
  if (!['http:', 'https:'].includes(url.protocol) || !path.endsWith('/MAAS') || !plain) return null;
  return url.origin + path;
}
