import type { ArmedBench } from './bench.ts';
import { candidatesOf, ordered } from './choose.ts';
import type { Kept, Recorded } from './kept.ts';
import type { Numbered, Options } from './modules.ts';
import { passOf, record } from './pass.ts';

/** Tests that are tried with every fault before the others are tried with those that lived. */
const FIRST = 4;
/** Test files that are run in a process of their own for one fault that is come past outside a test. */
const MOST_FRESH = 4;

/** Tries faults with tests, and keeps the results. */
export class Trial {
  readonly #bench: ArmedBench;
  readonly #kept: Kept;
  readonly #lived: Map<number, Numbered>;
  readonly #options: Options;
  readonly #records = new Map<string, Recorded>();
  /** Files by the faults that are to be tried in a process of their own. */
  readonly #fresh = new Map<number, Set<string>>();

  /** @param lived faults that no test has killed yet; those that are killed are taken from it */
  constructor(bench: ArmedBench, kept: Kept, lived: Map<number, Numbered>, options: Options) {
    this.#bench = bench;
    this.#kept = kept;
    this.#lived = lived;
    this.#options = options;
  }

  /** Tries some faults with the tests of some files. */
  async run(files: readonly string[], places: readonly Numbered[]): Promise<void> {
    // Slow tests are not even recorded for faults that fast ones have killed.
    if (!places.some(({ number }) => this.#lived.has(number))) return;
    const { anew, most, print } = this.#options;
    const records = new Map<string, Recorded>();
    for (const file of files) {
      const before = this.#kept.of(file);
      const now = before?.stale === false ? before : await record(file, this.#bench, print);
      if (now === undefined) return;
      const found =
        before && typeof now !== 'string' ? { ...before, tests: now.tests, outside: now.outside } : now;
      if (typeof found === 'string') print(`left out: ${file}: ${found}`);
      else {
        if (anew) for (const results of [found.killed, found.passed]) results.clear();
        records.set(file, found);
        this.#kept.keep(file, found);
        for (const numbers of found.killed.values())
          for (const number of numbers) this.#kill(number, `${file}, earlier`);
      }
    }
    for (const [file, found] of records) this.#records.set(file, found);
    const candidates = candidatesOf(
      places.filter(({ number }) => this.#lived.has(number)),
      records,
    );
    const order = places.map((place) => ({
      number: place.number,
      tests: ordered(place, candidates.get(place.number) ?? []).slice(0, most),
    }));
    for (const [from, to] of [
      [0, FIRST],
      [FIRST, most],
    ] as const) {
      const plans = new Map<string, Record<string, number[]>>();
      for (const { number, tests } of order)
        for (const { file, test } of this.#lived.has(number) ? tests.slice(from, to) : []) {
          if (records.get(file)!.passed.get(test.id)?.has(number)) continue;
          const plan = plans.get(file) ?? {};
          plans.set(file, plan);
          plan[test.id] = [...(plan[test.id] ?? []), number];
        }
      for (const [file, plan] of plans) if (!(await this.#pass(file, plan))) return;
    }
    await this.#freshly(records, places);
  }

  /** @returns whether to go on */
  async #pass(file: string, plan: Record<string, number[]>): Promise<boolean> {
    const still = Object.entries(plan)
      .map(([test, numbers]) => [test, numbers.filter((number) => this.#lived.has(number))] as const)
      .filter(([, numbers]) => numbers.length > 0);
    if (still.length === 0) return true;
    const pass = await passOf(file, Object.fromEntries(still), this.#bench);
    if (!pass) return false;
    const { killed, passed } = this.#records.get(file)!;
    for (const { test, name, number } of pass.killed) {
      add(killed, test, number);
      this.#kill(number, `${file}: ${name}`);
    }
    for (const { test, number } of pass.passed) add(passed, test, number);
    for (const number of pass.fresh) add(this.#fresh, number, file);
    for (const name of pass.failed) this.#options.print(`${file}: ${name}: fails without any fault`);
    this.#kept.keep(file, this.#records.get(file)!);
    return true;
  }

  /** Whole test files, for faults of which a test in a process with others says nothing. */
  async #freshly(records: ReadonlyMap<string, Recorded>, places: readonly Numbered[]): Promise<void> {
    for (const { number } of places) {
      const files = [...records]
        .filter(([file, { outside }]) => outside.has(number) || this.#fresh.get(number)?.has(file))
        .map(([file, { tests }]) => ({ file, ms: tests.reduce((sum, { ms }) => sum + ms, 1000) }))
        .sort((a, b) => a.ms - b.ms);
      for (const { file, ms } of files.slice(0, MOST_FRESH)) {
        const { killed, passed } = records.get(file)!;
        if (!this.#lived.has(number) || passed.get('file')?.has(number)) continue;
        const end = await this.#bench.fresh(number, file, 20_000 + 10 * ms);
        if (end === 'interrupted') return;
        add(end === 'failed' ? killed : passed, 'file', number);
        if (end === 'failed') this.#kill(number, file);
        this.#kept.keep(file, records.get(file)!);
      }
    }
  }

  #kill(number: number, by: string): void {
    const place = this.#lived.get(number);
    if (place && this.#lived.delete(number)) this.#options.print(`killed  ${place.id}  (${by})`);
  }
}

function add<K, V>(all: Map<K, Set<V>>, key: K, value: V): void {
  all.set(key, (all.get(key) ?? new Set()).add(value));
}
