import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Arms } from './bench.ts';
import { ArmedBench } from './bench.ts';
import { ROOT } from './copy.ts';
import { type Place, placesOf, sample } from './every.ts';
import { Kept } from './kept.ts';
import { EQUIVALENT } from './table/equivalent.ts';
import { MODULES } from './table/modules.ts';
import { Trial } from './trial.ts';

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
  /** Count nothing that an earlier call has found. */
  anew: boolean;
  /** Tests of each kind that are tried with one fault at most. */
  most: number;
  print: (line: string) => void;
}

export type Numbered = Place & { number: number; module: string };

/** Every place of the modules, and the number that each has in the copy: all modules are armed, whichever is asked for. */
export function placesOfModules(): { arms: Arms; places: Numbered[] } {
  const arms = new Map<string, { source: string; places: Place[]; first: number }>();
  const places: Numbered[] = [];
  for (const [module, { folders, except }] of Object.entries(MODULES))
    for (const file of folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }).sort())) {
      if (except && file.startsWith(except)) continue;
      const first = places.length;
      const source = readFileSync(join(ROOT, file), 'utf8');
      const found = placesOf(file, source);
      arms.set(file, { source, places: found, first });
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
    const tried = sample(counted, Math.min(options.count ?? counted.length, counted.length), options.seed);
    return { module, all, counted, tried };
  });
  if (options.list) {
    for (const { tried } of groups) for (const { id, text } of tried) print(`${id}  ${oneLine(text)}`);
    return 0;
  }
  const bench = await ArmedBench.make(arms);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => bench.stop());
  try {
    const lived = new Map(groups.flatMap(({ tried }) => tried.map((place) => [place.number, place])));
    const share = (name: string, { all, counted, tried }: (typeof groups)[number]) => {
      const killed = tried.filter(({ number }) => !lived.has(number)).length;
      const percent = Math.floor((100 * killed) / Math.max(1, tried.length));
      print(
        `${name}: ${all.length} places, ${all.length - counted.length} excluded, ${tried.length} tried, ${killed} killed, ${tried.length - killed} lived: ${percent} %`,
      );
    };
    const trial = new Trial(bench, new Kept(arms, bench.dir), lived, options);
    for (const group of groups)
      for (const kind of options.unit ? ['unit'] : ['unit', 'contract']) {
        const files = MODULES[group.module]!.tests.flatMap((folder) =>
          globSync(`test/${kind}/${folder}/**/*.test.ts`, { cwd: ROOT }),
        );
        const size = (file: string) => statSync(join(ROOT, file)).size;
        files.sort((a, b) => size(a) - size(b));
        // Of the slow files each is recorded only while a fault lives, and what it kills is known at once.
        const steps = kind === 'unit' ? [files] : files.map((file) => [file]);
        for (const step of steps) await trial.run(step, group.tried);
        // Each test file is run with all faults of the sample, so that the share of a stopped call is one of all of them.
        share(`${bench.stopped ? 'stopped; up to now ' : ''}${group.module}, ${kind} tests`, group);
        if (bench.stopped) return 130;
      }
    for (const { id, text, fault } of lived.values())
      print(`LIVED  ${id}  ${oneLine(text)}  ->  ${oneLine(fault)}`);
    for (const group of groups) share(group.module, group);
    return lived.size > 0 ? 1 : 0;
  } finally {
    bench.remove();
  }
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ');
