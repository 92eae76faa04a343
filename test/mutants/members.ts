import type { Mutant } from './mutant.ts';

/**
 * A mutant for every member that a stage declares: without it, nobody would see it change.
 * @param source of the stage's file, as the formatter writes it
 */
export function mutantsOfInputs(file: string, tests: readonly string[], source: string): Mutant[] {
  const prefix = file.replace(/^pipeline\//, '').replace(/\.ts$/, '');
  const lines = source.split('\n');
  const inputs = lines.findIndex((line) => /^\s+async inputs\(/.test(line));
  const from = lines.findIndex((line, at) => at > inputs && /^\s+return \{$/.test(line));
  if (inputs < 0 || from < 0) throw new Error(`${file} has no inputs() that returns an object`);
  const indent = /^\s*/.exec(lines[from] as string)![0];
  const to = lines.indexOf(`${indent}};`, from);
  const member = new RegExp(`^${indent} {2}(?<name>[A-Za-z]\\w*)(?:[,:]|$)`);
  const starts = lines.flatMap((line, at) => {
    const name = at > from && at < to ? member.exec(line)?.groups?.name : undefined;
    return name === undefined ? [] : [{ name, at }];
  });
  return starts.map(({ name, at }, i) => ({
    id: `${prefix}:without:${name}`,
    file,
    // The whole file: a line may stand in it twice.
    find: source,
    replace: lines.toSpliced(at, (starts[i + 1]?.at ?? to) - at).join('\n'),
    tests,
  }));
}
