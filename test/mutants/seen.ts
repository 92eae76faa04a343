import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ArmedBench } from './bench.ts';
import { ROOT } from './copy.ts';

/** What one test file comes past without a fault. */
export interface Seen {
  file: string;
  /** Numbers of places; null when the test fails in the copy without any fault. */
  places: readonly number[] | null;
  ms: number;
}

const CACHE = join(ROOT, 'node_modules/.cache/dgxos-maas-mutants.json');
const LONGEST_MS = 400_000;

const digestOf = (files: readonly string[]) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex');
};
const below = (pattern: string) => globSync(pattern, { cwd: ROOT }).sort();

/** What test files come past, from the last call where neither they nor the program have changed since. */
export class SeenByTests {
  readonly #program = digestOf([...below('pipeline/**/*.ts'), 'test/mutants/every.ts']);
  readonly #known = new Map<string, Seen & { digest: string }>();

  constructor() {
    this.#load();
  }

  #load(): void {
    try {
      const { program, seen } = JSON.parse(readFileSync(CACHE, 'utf8'));
      if (program === this.#program) for (const one of seen) this.#known.set(one.file, one);
    } catch {
      // There is none yet.
    }
  }

  /** @returns undefined when the bench was stopped */
  async of(file: string, bench: ArmedBench): Promise<Seen | undefined> {
    const digest = digestOf([file]);
    const known = this.#known.get(file);
    if (known?.digest === digest) return known;
    const from = performance.now();
    const places = await bench.see(file, LONGEST_MS);
    if (bench.stopped) return undefined;
    const seen = { file, digest, places: places ?? null, ms: Math.round(performance.now() - from) };
    // Another call may have written meanwhile.
    this.#load();
    this.#known.set(file, seen);
    mkdirSync(dirname(CACHE), { recursive: true });
    writeFileSync(CACHE, JSON.stringify({ program: this.#program, seen: [...this.#known.values()] }));
    return seen;
  }
}
