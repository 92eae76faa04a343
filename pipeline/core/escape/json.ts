import { spelled } from './visible.ts';

/** Characters that JSON does not escape, and that a terminal, an editor or the runner of a CI would obey. */
const OBEYED =
  /#(?=#(?:\[|vso\[|teamcity\[))|[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e0fff}]/giu;

/**
 * A value as JSON that may be shown anywhere; it is read as the same value.
 * @param indent blanks of each level; 0 writes one line
 */
export function json(value: unknown, indent: number): string {
  return JSON.stringify(value, null, indent).replace(OBEYED, spelled);
}
