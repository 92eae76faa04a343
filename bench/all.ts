// All benchmarks that have a quick form, and one table: goal, figure, met. `-- NAME…` runs those alone.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ROWS } from './rows.ts';

interface Result {
  goal: string;
  now: string;
  met: 'yes' | 'no' | 'not measured';
}

const { positionals } = parseArgs({ allowPositionals: true });
const unknown = positionals.filter((name) => !ROWS.some((row) => row.name === name));
if (unknown.length > 0) {
  const names = ROWS.map(({ name }) => name).join(', ');
  process.stderr.write(`bench: there is no ${unknown.join(', ')}; there are ${names}\n`);
  process.exit(2);
}
const chosen = ROWS.filter(({ name, whenNamed }) =>
  positionals.length === 0 ? !whenNamed : positionals.includes(name),
);
const results: Result[] = [];
for (const { name, quick } of chosen) {
  process.stderr.write(`bench: ${name} ${quick.join(' ')}\n`);
  results.push(...(await resultsOf(name, quick)).map((one) => ({ ...one, goal: `${name}: ${one.goal}` })));
}
const widths = (['goal', 'now'] as const).map((column) =>
  Math.max(...results.map((one) => one[column].length), 4),
);
for (const { goal, now, met } of [{ goal: 'goal', now: 'now', met: 'met' }, ...results])
  process.stdout.write(`${goal.padEnd(widths[0]!)}  ${now.padEnd(widths[1]!)}  ${met}\n`);
if (results.some(({ met }) => met !== 'yes')) process.exitCode = 1;

/** Runs one to its end; its own lines go to stderr, its last one is the result. */
async function resultsOf(name: string, args: readonly string[]): Promise<Result[]> {
  const child = spawn(process.execPath, [new URL(`${name}.ts`, import.meta.url).pathname, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = '';
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text);
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    last = lines.findLast((line) => line !== '') ?? last;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const failed = (now: string): Result[] => [{ goal: 'runs', now, met: 'no' }];
  if (code !== 0) return failed(`exit code ${code}`);
  const { goals, now = {} } = JSON.parse(last) as {
    goals: Record<string, boolean | null>;
    now?: Record<string, string | null>;
  };
  return Object.entries(goals).map(([goal, met]) => ({
    goal,
    now: now[goal] ?? '-',
    met: met === null ? 'not measured' : met ? 'yes' : 'no',
  }));
}
