import { redact } from '../secrets/registry.ts';
import { visible } from './visible.ts';

/** Text from outside as the page may show it: no registered secret, no credentials of a URL, nothing that hides. Not escaped. */
export function safeText(text: string): string {
  return visible(redact(text));
}

/** The same value with every string in it made safe: no text reaches a template by another way. */
export function safeDeep<T>(value: T): T {
  if (typeof value === 'string') return safeText(value) as T;
  if (Array.isArray(value)) return value.map(safeDeep) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, safeDeep(entry)])) as T;
}
