/** One deliberate fault: a place of the code that is written otherwise, and the tests that must see it. */
export interface Mutant {
  /** The file and what is put out of force there. */
  id: string;
  /** From the root of the repository, as are `tests`. */
  file: string;
  /** Text that occurs once in the file. */
  find: string;
  replace: string;
  /** Test files of which one at least must fail. */
  tests: readonly string[];
}

/** The mutants of one file, by what each puts out of force: the text that is found, what is written for it, and tests of its own. */
export type Rows = Record<string, readonly [find: string, replace: string, ...tests: string[]]>;

/** @param tests the test files of those rows that name none */
export function mutantsOf(file: string, tests: readonly string[], rows: Rows): Mutant[] {
  const prefix = file.replace(/^pipeline\//, '').replace(/\.ts$/, '');
  return Object.entries(rows).map(([what, [find, replace, ...own]]) => ({
    id: `${prefix}:${what}`,
    file,
    find,
    replace,
    tests: own.length > 0 ? own : tests,
  }));
}

/** Number of places in its file with a mutant's text: one, or the table is out of date. */
export function occurrences(source: string, { find }: Mutant): number {
  return source.split(find).length - 1;
}
