import type { ArmedBench } from './bench.ts';
import type { Recorded } from './kept.ts';
import type { Line } from './runner.ts';

/** @returns undefined when the bench was stopped, a text when the file does not end */
export async function record(
  file: string,
  bench: ArmedBench,
  print: (line: string) => void,
): Promise<Recorded | string | undefined> {
  const { lines, hung } = await bench.switching(file, {});
  if (bench.stopped) return undefined;
  if (hung !== undefined) return 'it does not end';
  for (const line of lines)
    if (line.is === 'failed') print(`left out: ${file}: ${line.name}: fails in the copy without any fault`);
  return {
    tests: lines
      .filter((line) => line.is === 'seen')
      .map(({ test, name, ms, places }) => ({ id: test, name, ms, places: answersOf(places) })),
    outside: answersOf(lines.find((line): line is Line & { is: 'end' } => line.is === 'end')!.outside),
    stale: false,
    killed: new Map(),
    passed: new Map(),
  };
}

const answersOf = (places: readonly number[]) =>
  new Map(places.map((place) => [Math.floor(place / 8), place % 8]));

/** The results of a pass: pairs of a test and a fault, and faults that are to be tried in a process of their own. */
export interface Pass {
  killed: { test: string; name: string; number: number }[];
  passed: { test: string; number: number }[];
  fresh: Set<number>;
  /** Names of tests that fail without a fault. */
  failed: string[];
}

/**
 * Runs some tests of a file, each with some faults; again for the rest when a fault ended the process.
 * @param plan numbers of faults by the ids of tests
 * @returns undefined when the bench was stopped
 */
export async function passOf(
  file: string,
  plan: Readonly<Record<string, readonly number[]>>,
  bench: ArmedBench,
): Promise<Pass | undefined> {
  const pass: Pass = { killed: [], passed: [], fresh: new Set(), failed: [] };
  let left = plan;
  for (;;) {
    const { lines, hung } = await bench.switching(file, { plan: left });
    if (bench.stopped) return undefined;
    for (const line of lines)
      if (line.is === 'try') (line.killed ? pass.killed : pass.passed).push(line);
      else if (line.is === 'once') for (const number of line.numbers) pass.fresh.add(number);
      else if (line.is === 'broken') pass.fresh.add(line.number);
      else if (line.is === 'failed') pass.failed.push(line.name);
    if (lines.some(({ is }) => is === 'end')) return pass;
    if (hung === '-') {
      pass.failed.push('it does not end');
      return pass;
    }
    if (hung !== undefined) pass.killed.push({ test: 'file', name: 'does not end', number: Number(hung) });
    const over = new Set([...pass.fresh, ...pass.killed.map(({ number }) => number)]);
    const tried = new Set(pass.passed.map(({ test, number }) => `${test} ${number}`));
    left = Object.fromEntries(
      Object.entries(left)
        .map(([test, numbers]): [string, number[]] => [
          test,
          numbers.filter((number) => !over.has(number) && !tried.has(`${test} ${number}`)),
        ])
        .filter(([, numbers]) => numbers.length > 0),
    );
  }
}
