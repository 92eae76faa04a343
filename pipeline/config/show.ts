import { relative } from 'node:path';
import { stringify } from 'yaml';
import type { LoadedConfig } from './load.ts';
import type { Origin } from './types.ts';

/** Beyond this column a long value pushes its origin to the right. */
const WIDEST = 72;

/** The resolved configuration as text: YAML, or with origins one value a line and where it is from. */
export function showConfig(loaded: LoadedConfig, options: { origin: boolean; cwd: string }): string {
  if (!options.origin) return stringify(loaded.config, { lineWidth: 0 }).trimEnd();
  const rows = [...loaded.origins].map(([key, sourced]) => ({
    value: `${key}: ${JSON.stringify(sourced.value)}`,
    origin: originText(sourced, options.cwd),
  }));
  const width = Math.min(Math.max(...rows.map((row) => row.value.length)), WIDEST);
  return rows.map((row) => `${row.value.padEnd(width)}  # ${row.origin}`).join('\n');
}

function originText(origin: Origin, cwd: string): string {
  switch (origin.from) {
    case 'flag':
      return `flag ${origin.name}`;
    case 'environment':
      return `environment ${origin.name}`;
    case 'file': {
      const short = relative(cwd, origin.file);
      return `${short.startsWith('..') ? origin.file : short}:${origin.line}`;
    }
    case 'default':
      return 'default';
  }
}
