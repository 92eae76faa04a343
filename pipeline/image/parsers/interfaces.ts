import { numberedLines } from './lines.ts';

/** The interfaces that a file of interfaces(5) defines, and the files that it includes. */
export interface Interfaces {
  /** Interfaces other than the loopback, with the line of their stanza. */
  defined: { line: number; name: string }[];
  /** Patterns of `source`, and folders of `source-directory`, as written. */
  sources: { pattern: string; directory: boolean }[];
}

/** Reads a file of ifupdown: lines joined at a backslash, `#` only at the beginning of a line. */
export function parseInterfaces(text: string): Interfaces {
  const found: Interfaces = { defined: [], sources: [] };
  for (const { line, text: said } of numberedLines(text, { continued: true })) {
    const words = said.slice(0, 4000).split(/[ \t]+/, 50);
    const [key = '', name = ''] = words;
    if (found.defined.length + found.sources.length >= 1000) break;
    if (key === 'iface' && name !== '' && name !== 'lo') found.defined.push({ line, name });
    if (key === 'source' || key === 'source-directory')
      for (const pattern of words.slice(1)) found.sources.push({ pattern, directory: key !== 'source' });
  }
  return found;
}
