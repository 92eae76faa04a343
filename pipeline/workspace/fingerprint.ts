import { createHash } from 'node:crypto';
import type { Json } from '../core/json.ts';

/** The record of everything that decides a stage's result; two equal records give the same digest. */
export type Inputs = Record<string, Json | undefined>;

/** JSON with sorted keys and without undefined members, so that the order of writing does not count. */
export function canonical(value: Json | undefined): string {
  if (value === undefined) return 'null';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(',')}}`;
}

/** SHA-256 over the canonical form, hexadecimal. */
export function fingerprint(inputs: Inputs): string {
  return createHash('sha256').update(canonical(inputs)).digest('hex');
}

/** The top-level names in which two records differ; what `--dry-run` gives as the reason. */
export function changed(before: Inputs, now: Inputs): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].filter((name) => canonical(before[name]) !== canonical(now[name])).sort();
}
