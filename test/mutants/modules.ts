import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Arms } from './bench.ts';
import { ArmedBench } from './bench.ts';
import { ROOT } from './copy.ts';
import { type Place, placesOf, sample } from './every.ts';
import { type Seen, SeenByTests } from './seen.ts';
import { EQUIVALENT } from './table/equivalent.ts';
import { MODULES } from './table/modules.ts';

/** Test files that are run for one fault: first those that import its file, then those that saw others, then the fast ones. */
const MOST_TESTS = { unit: 24, contract: 8 };

export interface Options {
  modules: readonly string[];
  /** Sample size for each module; undefined: all. */
  count: number | undefined;
  seed: number;
  /** Begins of ids, or none for all. */
  only: readonly string[];
  list: boolean;
  /** Run the unit tests alone, which is faster and kills fewer. */
  unit: boolean;
  print: (line: string) => void;
}

type Numbered = Place & { number: number; module: string };

/** Every place of the modules, and the number that each has in the copy: all modules are armed, whichever is asked for. */
export function placesOfModules(): { arms: Arms; places: Numbered[] } {
  const arms = new Map<string, { places: Place[]; first: number }>();
  const places: Numbered[] = [];
  for (const [module, { folders, except }] of Object.entries(MODULES))
    for (const file of folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }).sort())) {
      if (except && file.startsWith(except)) continue;
      const first = places.length;
      const found = placesOf(file, readFileSync(join(ROOT, file), 'utf8'));
      arms.set(file, { places: found, first });
      for (const [i, place] of found.entries()) places.push({ ...place, number: first + i, module });
    }
  return { arms, places };
}

export const isEquivalent = (place: Place) =>
  EQUIVALENT.some(
    ({ file, text, fault }) => file === place.file && text === place.text && fault === place.fault,
  );

/** Tries the faults of modules and prints the share that was killed. @returns the exit code */
export async function tryModules(options: Options): Promise<number> {
  const { print } = options;
  const { arms, places } = placesOfModules();
  const unknown = options.modules.find((module) => !Object.hasOwn(MODULES, module));
  if (unknown) throw new Error(`no module is named ${unknown}; there are ${Object.keys(MODULES).join(', ')}`);
  const groups = (options.modules.length > 0 ? options.modules : Object.keys(MODULES)).map((module) => {
    const all = places.filter(
      ({ module: of, id }) =>
        of === module && (options.only.length === 0 || options.only.some((start) => id.startsWith(start))),
    );
    const counted = all.filter((place) => !isEquivalent(place));
    return {
      module,
      all,
      counted,
      tried: sample(counted, Math.min(options.count ?? counted.length, counted.length), options.seed),
    };
  });
  if (options.list) {
    for (const { tried } of groups) for (const { id, text } of tried) print(`${id}  ${oneLine(text)}`);
    return 0;
  }
  const bench = await ArmedBench.make(arms);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => bench.stop());
  try {
    const lived = new Set<Numbered>();
    const cache = new SeenByTests(arms);
    for (const { module, tried } of groups) {
      let left: readonly Numbered[] = tried;
      // Slow tests are run only for what the fast ones let live.
      for (const kind of options.unit ? (['unit'] as const) : (['unit', 'contract'] as const)) {
        if (left.length === 0) break;
        const tests = await testsOf(kind, module, cache, bench, print);
        const living = tests && (await tryWith(tests, MOST_TESTS[kind], left, bench, print));
        if (living === undefined) return 130;
        left = living;
      }
      for (const place of left) lived.add(place);
    }
    for (const { id, text, fault } of lived) print(`LIVED  ${id}  ${oneLine(text)}  ->  ${oneLine(fault)}`);
    for (const { module, all, counted, tried } of groups) {
      const alive = tried.filter((place) => lived.has(place)).length;
      const killed = tried.length - alive;
      print(
        `${module}: ${all.length} places, ${all.length - counted.length} excluded, ${tried.length} tried, ${killed} killed, ${alive} lived: ${Math.floor((100 * killed) / Math.max(1, tried.length))} %`,
      );
    }
    return lived.size > 0 ? 1 : 0;
  } finally {
    bench.remove();
  }
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ');

/** The module's tests and what they come past, the fast ones first. @returns undefined when stopped */
async function testsOf(
  kind: keyof typeof MOST_TESTS,
  module: string,
  cache: SeenByTests,
  bench: ArmedBench,
  print: (line: string) => void,
): Promise<Seen[] | undefined> {
  const tests: Seen[] = [];
  for (const folder of MODULES[module]!.tests)
    for (const file of globSync(`test/${kind}/${folder}/**/*.test.ts`, { cwd: ROOT }).sort()) {
      const seen = await cache.of(file, bench);
      if (seen === undefined) return undefined;
      if (seen === null) print(`left out: ${file} fails in the copy without any fault`);
      else tests.push(seen);
    }
  return tests.sort((a, b) => a.ms - b.ms);
}

/** @returns those that lived, or undefined when the bench was stopped */
async function tryWith(
  tests: readonly Seen[],
  most: number,
  places: readonly Numbered[],
  bench: ArmedBench,
  print: (line: string) => void,
): Promise<Numbered[] | undefined> {
  const living: Numbered[] = [];
  // A test that has seen a fault of a folder is likely to see the next one.
  const kills = new Map<string, number>();
  for (const place of places) {
    const name = `/${basename(place.file)}'`;
    const rank = ({ file, text }: Seen) =>
      text.includes(name) ? Number.POSITIVE_INFINITY : (kills.get(`${dirname(place.file)} ${file}`) ?? 0);
    const files = tests
      .filter((test) => test.places.has(place.number))
      .sort((a, b) => (rank(a) === rank(b) ? a.ms - b.ms : rank(b) - rank(a)))
      .slice(0, most)
      .map(({ file, ms }) => ({ file, longestMs: 20_000 + 10 * ms }));
    const { end, by } = await bench.try(place.number, files);
    if (end === 'interrupted') return undefined;
    if (by !== undefined) {
      const key = `${dirname(place.file)} ${by}`;
      kills.set(key, (kills.get(key) ?? 0) + 1);
      print(`killed  ${place.id}  (${by})`);
    } else {
      living.push(place);
      print(`passed  ${place.id}  (${files.length} test files)`);
    }
  }
  return living;
}
