import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const CLI = fileURLToPath(new URL('../bin/dgxos-maas.js', import.meta.url));

export interface BenchOptions {
  /** Bytes. */
  size: number;
  runs: number;
  /** Workspace of an image that was really built. */
  build: string | undefined;
  /** Names of the contestants, where a benchmark can leave some out; undefined: all. */
  only: string[] | undefined;
}

/** `--size 500M --runs 3`, and `--build DIR`, `--only NAME,NAME` where a benchmark takes them. */
export function benchOptions(size: string, runs = 3): BenchOptions {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: size },
      runs: { type: 'string', default: String(runs) },
      build: { type: 'string' },
      only: { type: 'string' },
    },
  });
  // Ctrl-C ends what is being measured, and its failure ends us, by way of all clearing up.
  process.on('SIGINT', () => {});
  const rounds = Number(values.runs);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--runs ${values.runs} is not a number of runs`);
  return { size: bytesOf(values.size), runs: rounds, build: values.build, only: values.only?.split(',') };
}

function bytesOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMG]?)B?$/i.exec(text);
  if (!match) throw new Error(`--size ${text} is not a size; 50M or 2G would be`);
  return Math.round(Number(match[1]) * { '': 1, K: 1e3, M: 1e6, G: 1e9 }[match[2]!.toUpperCase() as 'K']);
}

/** The folder of results that take long to make: $XDG_CACHE_HOME/dgxos-maas/bench. It may be deleted. */
export async function cacheDir(): Promise<string> {
  const dir = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dgxos-maas', 'bench');
  await mkdir(dir, { recursive: true });
  return dir;
}
