import type { Mutant } from './mutant.ts';

/** Operators as the formatter writes them, and what is written for each: the limit moved by one, the answer turned round, one half left out. */
const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<='],
  '<=': ['<'],
  '>': ['>='],
  '>=': ['>'],
  '&&': ['||'],
  '||': ['&&'],
};
const OPERATOR = / (===|!==|<=?|>=?|&&|\|\|) /g;

/** A file of which every comparison and every guard is changed, one after the other. */
export interface Whole {
  file: string;
  tests: readonly string[];
}

/** Every mutant of a file that its operators give. Lines of comments and imports are left out; so is what stands in quotes. */
export function mutantsOfAll({ file, tests }: Whole, source: string): Mutant[] {
  const room = file.replace(/^pipeline\//, '').replace(/\.ts$/, '');
  const lines = source.split('\n');
  return lines.flatMap((line, index) => {
    if (/^\s*(?:\/?\*|\/\/|import )/.test(line)) return [];
    return [...line.matchAll(OPERATOR)].flatMap(({ 1: operator, index: at }) => {
      if (inQuotes(line, at)) return [];
      return OPERATORS[operator!]!.map((other) => {
        const changed = `${line.slice(0, at + 1)}${other}${line.slice(at + 1 + operator!.length)}`;
        const around = (text: string) => lines.with(index, text).join('\n');
        return {
          id: `${room}:${index + 1}:${at + 2}:${operator}:${other}`,
          file,
          // The whole file: a line may stand in it twice.
          find: source,
          replace: around(changed),
          tests,
        };
      });
    });
  });
}

function inQuotes(line: string, at: number): boolean {
  const before = line.slice(0, at).replace(/\\./g, '');
  return ["'", '"', '`'].some((quote) => (before.split(quote).length - 1) % 2 === 1);
}

/** Some of many, the same ones for the same seed. */
export function sample<T>(all: readonly T[], count: number, seed: number): T[] {
  let state = seed >>> 0;
  const next = () => {
    // Numerical Recipes' generator: enough to choose.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return all
    .map((item, index) => ({ item, index, key: next() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, count)
    .sort((a, b) => a.index - b.index)
    .map(({ item }) => item);
}
