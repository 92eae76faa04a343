import { plain } from '../report/paint.ts';
import { redact } from '../secrets/registry.ts';

/** Characters that change the direction of what follows, or that cannot be seen: a name with them reads as another. */
const INVISIBLE = /[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text from outside as the page may show it: no registered secret, no credentials of a URL, nothing that hides. Not escaped. */
export function safeText(text: string): string {
  return plain(redact(text))
    .toWellFormed()
    .replace(INVISIBLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1***@');
}

/** The same value with every string in it made safe: no text reaches a template by another way. */
export function safeDeep<T>(value: T): T {
  if (typeof value === 'string') return safeText(value) as T;
  if (Array.isArray(value)) return value.map(safeDeep) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, safeDeep(entry)])) as T;
}
