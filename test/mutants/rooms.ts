import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Arms } from './bench.ts';
import { ArmedBench } from './bench.ts';
import { ROOT } from './copy.ts';
import { type Place, placesOf, sample } from './every.ts';
import { type Seen, SeenByTests } from './seen.ts';
import { EQUIVALENT } from './table/equivalent.ts';
import { ROOMS } from './table/rooms.ts';

/** Test files that are run for one fault: first those that import its file, then those that saw others, then the fast ones. */
const MOST_TESTS = { unit: 24, contract: 8 };

export interface Options {
  rooms: readonly string[];
  /** Sample size for each room; undefined: all. */
  count: number | undefined;
  seed: number;
  /** Begins of ids, or none for all. */
  only: readonly string[];
  list: boolean;
  /** Run the unit tests alone, which is faster and kills fewer. */
  unit: boolean;
  print: (line: string) => void;
}

type Numbered = Place & { number: number; room: string };

/** Every place of the rooms, and the number that each has in the copy: all rooms are armed, whichever is asked for. */
export function placesOfRooms(): { arms: Arms; places: Numbered[] } {
  const arms = new Map<string, { places: Place[]; first: number }>();
  const places: Numbered[] = [];
  for (const [room, { folders, except }] of Object.entries(ROOMS))
    for (const file of folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }).sort())) {
      if (except && file.startsWith(except)) continue;
      const first = places.length;
      const found = placesOf(file, readFileSync(join(ROOT, file), 'utf8'));
      arms.set(file, { places: found, first });
      for (const [i, place] of found.entries()) places.push({ ...place, number: first + i, room });
    }
  return { arms, places };
}

export const isEquivalent = (place: Place) =>
  EQUIVALENT.some(
    ({ file, text, fault }) => file === place.file && text === place.text && fault === place.fault,
  );

/** Tries the faults of rooms and prints the share that was killed. @returns the exit code */
export async function tryRooms(options: Options): Promise<number> {
  const { print } = options;
  const { arms, places } = placesOfRooms();
  const unknown = options.rooms.find((room) => !Object.hasOwn(ROOMS, room));
  if (unknown) throw new Error(`no room is named ${unknown}; there are ${Object.keys(ROOMS).join(', ')}`);
  const groups = (options.rooms.length > 0 ? options.rooms : Object.keys(ROOMS)).map((room) => {
    const all = places.filter(
      ({ room: of, id }) =>
        of === room && (options.only.length === 0 || options.only.some((start) => id.startsWith(start))),
    );
    const counted = all.filter((place) => !isEquivalent(place));
    return {
      room,
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
    for (const { room, tried } of groups) {
      let left: readonly Numbered[] = tried;
      // Slow tests are run only for what the fast ones let live.
      for (const kind of options.unit ? (['unit'] as const) : (['unit', 'contract'] as const)) {
        if (left.length === 0) break;
        const tests = await testsOf(kind, room, cache, bench, print);
        const living = tests && (await tryWith(tests, MOST_TESTS[kind], left, bench, print));
        if (living === undefined) return 130;
        left = living;
      }
      for (const place of left) lived.add(place);
    }
    for (const { id, text, fault } of lived) print(`LIVED  ${id}  ${oneLine(text)}  ->  ${oneLine(fault)}`);
    for (const { room, all, counted, tried } of groups) {
      const alive = tried.filter((place) => lived.has(place)).length;
      const killed = tried.length - alive;
      print(
        `${room}: ${all.length} places, ${all.length - counted.length} excluded, ${tried.length} tried, ${killed} killed, ${alive} lived: ${Math.floor((100 * killed) / Math.max(1, tried.length))} %`,
      );
    }
    return lived.size > 0 ? 1 : 0;
  } finally {
    bench.remove();
  }
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ');

/** The room's tests and what they come past, the fast ones first. @returns undefined when stopped */
async function testsOf(
  kind: keyof typeof MOST_TESTS,
  room: string,
  cache: SeenByTests,
  bench: ArmedBench,
  print: (line: string) => void,
): Promise<Seen[] | undefined> {
  const tests: Seen[] = [];
  for (const folder of ROOMS[room]!.tests)
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
