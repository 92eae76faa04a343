import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ArmedBench, Arms } from './bench.ts';
import { ROOT } from './copy.ts';

/** The places that one test file reaches, without a fault. */
export interface Seen {
  file: string;
  text: string;
  /** Numbers of places. */
  places: ReadonlySet<number>;
  ms: number;
}

/** As it is kept between two calls. */
interface Kept {
  /** Of the test file. */
  digest: string;
  ms: number;
  /** Places by their file, counted in it; null when the test fails in the copy without any fault. */
  places: Record<string, { digest: string; at: number[] }> | null;
}

const CACHE = join(ROOT, 'node_modules/.cache/dgxos-maas-mutants.json');
const LONGEST_MS = 400_000;

const digestOf = (file: string) =>
  createHash('sha256')
    .update(readFileSync(join(ROOT, file)))
    .digest('hex');

/** The places that test files reach, from an earlier call for unchanged files. Of a changed file of the program, all places count. */
export class SeenByTests {
  readonly #arms: Arms;
  readonly #digests: ReadonlyMap<string, string>;

  constructor(arms: Arms) {
    this.#arms = arms;
    this.#digests = new Map([...arms.keys()].map((file) => [file, digestOf(file)]));
  }

  /** @returns undefined when the bench was stopped, null when the test fails without any fault */
  async of(file: string, bench: ArmedBench): Promise<Seen | null | undefined> {
    const digest = digestOf(file);
    let kept = readCache().get(file);
    if (kept?.digest !== digest) {
      const from = performance.now();
      const numbers = await bench.see(file, LONGEST_MS);
      if (bench.stopped) return undefined;
      const ms = Math.round(performance.now() - from);
      kept = { digest, ms, places: numbers ? this.#byFile(new Set(numbers)) : null };
      // One that fails is tried again by the next call: it may have been the load.
      if (kept.places === null) return null;
      // Read again: another call may have written meanwhile.
      const all = readCache().set(file, kept);
      mkdirSync(dirname(CACHE), { recursive: true });
      writeFileSync(CACHE, JSON.stringify(Object.fromEntries(all)));
    }
    const text = readFileSync(join(ROOT, file), 'utf8');
    return kept.places && { file, text, ms: kept.ms, places: this.#numbers(kept.places) };
  }

  #byFile(numbers: ReadonlySet<number>): NonNullable<Kept['places']> {
    const places: NonNullable<Kept['places']> = {};
    for (const [file, { places: all, first }] of this.#arms) {
      const at = all.flatMap((_, i) => (numbers.has(first + i) ? [i] : []));
      if (at.length > 0) places[file] = { digest: this.#digests.get(file)!, at };
    }
    return places;
  }

  #numbers(places: NonNullable<Kept['places']>): Set<number> {
    const numbers = new Set<number>();
    for (const [file, { digest, at }] of Object.entries(places)) {
      const arm = this.#arms.get(file);
      const now = digest === this.#digests.get(file) ? at : (arm?.places.keys() ?? []);
      for (const i of now) numbers.add(arm!.first + i);
    }
    return numbers;
  }
}

function readCache(): Map<string, Kept> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(CACHE, 'utf8'))));
  } catch {
    // There is none yet.
    return new Map();
  }
}
