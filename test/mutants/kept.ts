import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Arms } from './bench.ts';
import { ROOT } from './copy.ts';

/** Something by the files of the program that it is about, each with the digest of the file. */
type ByFile = Record<string, { digest: string; at: number[] }>;

/** The record of one test: the places that it comes past, by their number, and the answers that they gave. */
export interface RecordedTest {
  id: string;
  name: string;
  ms: number;
  places: ReadonlyMap<number, number>;
}

/** A test file: its tests without a fault, and the results of faults tried with it. */
export interface Recorded {
  tests: readonly RecordedTest[];
  /** Places that are come past outside a test, as by an import. */
  outside: ReadonlyMap<number, number>;
  /** A file of the program has changed that a test comes past: the record is of another program. */
  stale: boolean;
  /** Numbers of faults by the id of the test that killed or passed them, or `file` for a run of the whole file. */
  killed: Map<string, Set<number>>;
  passed: Map<string, Set<number>>;
}

interface KeptFile {
  /** Of the test file and of the files of test/ that it imports. */
  digest: string;
  tests: { id: string; name: string; ms: number; places: ByFile }[];
  outside: ByFile;
  killed: Record<string, ByFile>;
  passed: Record<string, ByFile>;
}

const CACHE = join(ROOT, 'node_modules/.cache/dgxos-maas-mutants');

const hash = (parts: readonly string[]) => {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest('hex').slice(0, 16);
};

/** Records and results of earlier calls, each as long as the test and the file of the fault are unchanged. */
export class Kept {
  readonly #arms: Arms;
  readonly #digests: ReadonlyMap<string, string>;
  readonly #fileOf: readonly { file: string; first: number }[];

  readonly #dir: string;
  readonly #tests = new Map<string, string>();

  /** @param dir the copy of the tree that is run: files of the working copy may change meanwhile */
  constructor(arms: Arms, dir: string) {
    this.#arms = arms;
    this.#dir = dir;
    this.#digests = new Map([...arms].map(([file, { source }]) => [file, hash([source])]));
    this.#fileOf = [...arms].flatMap(([file, { places, first }]) => places.map(() => ({ file, first })));
  }

  of(test: string): Recorded | undefined {
    let kept: KeptFile;
    try {
      kept = JSON.parse(readFileSync(cacheOf(test), 'utf8'));
    } catch {
      return undefined;
    }
    if (kept.digest !== this.#digestOf(test)) return undefined;
    const results = (all: Record<string, ByFile>) =>
      new Map(Object.entries(all).map(([id, found]) => [id, new Set(this.#numbers(found, 1))]));
    const places = (found: ByFile) =>
      new Map(this.#numbers(found, 8).map((number) => [Math.floor(number / 8), number % 8]));
    const records = [...kept.tests.map(({ places }) => places), kept.outside];
    return {
      tests: kept.tests.map((test) => ({ ...test, places: places(test.places) })),
      outside: places(kept.outside),
      stale: records.some((found) =>
        Object.entries(found).some(([file, { digest }]) => digest !== this.#digests.get(file)),
      ),
      killed: results(kept.killed),
      passed: results(kept.passed),
    };
  }

  keep(test: string, { tests, outside, killed, passed }: Omit<Recorded, 'stale'>): void {
    const results = (all: ReadonlyMap<string, ReadonlySet<number>>) =>
      Object.fromEntries([...all].map(([id, numbers]) => [id, this.#byFile(numbers, 1)]));
    const places = (all: ReadonlyMap<number, number>) =>
      this.#byFile(
        [...all].map(([number, answers]) => 8 * number + answers),
        8,
      );
    const kept: KeptFile = {
      digest: this.#digestOf(test),
      tests: tests.map((test) => ({ ...test, places: places(test.places) })),
      outside: places(outside),
      killed: results(killed),
      passed: results(passed),
    };
    const file = cacheOf(test);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify(kept));
    renameSync(`${file}.new`, file);
  }

  #digestOf(test: string): string {
    const digest =
      this.#tests.get(test) ?? hash([...this.#filesOf(test)].sort().map((file) => this.#read(file)));
    this.#tests.set(test, digest);
    return digest;
  }

  /** The files of test/ that a test is made of. */
  #filesOf(file: string, found = new Set<string>()): Set<string> {
    if (found.has(file)) return found;
    found.add(file);
    for (const [, name] of this.#read(file).matchAll(/from '(\.[^']+\.ts)'/g)) {
      const other = relative(this.#dir, resolve(this.#dir, dirname(file), name!));
      if (other.startsWith('test/')) this.#filesOf(other, found);
    }
    return found;
  }

  #read(file: string): string {
    return readFileSync(join(this.#dir, file), 'utf8');
  }

  /** @param unit of a number: 8 where the answers are in it */
  #byFile(numbers: Iterable<number>, unit: 1 | 8): ByFile {
    const found: ByFile = {};
    for (const number of numbers) {
      const { file, first } = this.#fileOf[Math.floor(number / unit)]!;
      found[file] ??= { digest: this.#digests.get(file)!, at: [] };
      found[file].at.push(number - unit * first);
    }
    return found;
  }

  /** Those in unchanged files. */
  #numbers(found: ByFile, unit: 1 | 8): number[] {
    return Object.entries(found).flatMap(([file, { digest, at }]) =>
      digest === this.#digests.get(file) ? at.map((i) => i + unit * this.#arms.get(file)!.first) : [],
    );
  }
}

const cacheOf = (test: string) => join(CACHE, `${test.replaceAll('/', '-')}.json`);
