import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { End } from './bench.ts';
import { copyOfTree, ROOT } from './copy.ts';
import { tryModules } from './modules.ts';
import { type Mutant, occurrences } from './mutant.ts';
import { MUTANTS } from './table.ts';

const USAGE = `npm run mutants -- [--only ID]... [--every [--module NAME]... [--sample N] [--seed N] [--unit] [--anew] [--most N]] [--list]
Applies one deliberate fault at a time to a copy of the tree and runs the tests that must see it.
--only    the mutants whose id begins with ID
--every   each comparison and guard of the modules in test/mutants/table/modules.ts, in place of the table; at its end
          the share of each module that was killed, without those in test/mutants/table/equivalent.ts
--module  of this module alone
--sample  N of each module (--seed chooses others)
--unit    with the unit tests alone: faster, and the share is a lower bound
--anew    without the results of earlier calls, which count while the test and the file of the fault are unchanged
--most    tests of each kind that are tried with one fault (120): those likely to see it first
--list    their ids, files and tests; nothing is run
Exit code: 0 when every mutant was killed, 1 when one lived or a test fails without any, 2 for a mistake in the call or the table.`;
/** A mutant may make a loop endless: that is seen, too. */
const LONGEST_MS = 300_000;

class Bench {
  readonly dir: string;
  #stopped = false;
  #child: ReturnType<typeof spawn> | undefined;

  constructor(dir: string) {
    this.dir = dir;
  }

  stop(): void {
    this.#stopped = true;
    if (this.#child?.pid) process.kill(-this.#child.pid, 'SIGKILL');
  }

  /** Runs some test files of the copy to their first failure. */
  async test(files: readonly string[]): Promise<{ end: End; said: string }> {
    if (this.#stopped) return { end: 'interrupted', said: '' };
    const bin = join(this.dir, 'node_modules/.bin');
    const child = spawn(join(bin, 'vitest'), ['run', '--bail', '1', '--reporter=dot', ...files], {
      cwd: this.dir,
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, NO_COLOR: '1', MUTANTS_STATE: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), LONGEST_MS);
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-20_000);
      });
    const code = await new Promise<number | null>((ended, failed) => {
      child.once('error', failed);
      child.once('close', ended);
    });
    clearTimeout(timer);
    this.#child = undefined;
    return { end: this.#stopped ? 'interrupted' : code === 0 ? 'passed' : 'failed', said };
  }

  /** With one mutant applied; the copy is as before afterwards. */
  async try(mutant: Mutant): Promise<End> {
    const path = join(this.dir, mutant.file);
    const source = readFileSync(path, 'utf8');
    const at = source.indexOf(mutant.find);
    writeFileSync(path, source.slice(0, at) + mutant.replace + source.slice(at + mutant.find.length));
    try {
      return (await this.test(mutant.tests)).end;
    } finally {
      writeFileSync(path, source);
    }
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

const print = (line: string) => process.stdout.write(`${line}\n`);

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

function chosen(all: readonly Mutant[], only: readonly string[]): Mutant[] {
  const found = all.filter(({ id }) => only.length === 0 || only.some((start) => id.startsWith(start)));
  if (found.length === 0) throw new Error(`no mutant begins with ${only.join(' or ')}; --list names them`);
  for (const mutant of found) {
    const times = occurrences(read(mutant.file), mutant);
    if (times !== 1)
      throw new Error(`${mutant.id}: its text occurs ${times} times in ${mutant.file}, not once`);
  }
  return found;
}

/** @returns the exit code */
async function tryAll(mutants: readonly Mutant[], bench: Bench): Promise<number> {
  // Without this a test that fails by itself would count for a mutant that was killed.
  for (const file of new Set(mutants.flatMap(({ tests }) => tests))) {
    const { end, said } = await bench.test([file]);
    if (end === 'interrupted') return 130;
    if (end === 'failed') {
      print(`${said}\n${file} fails without any mutant`);
      return 1;
    }
  }
  const lived: Mutant[] = [];
  for (const mutant of mutants) {
    const end = await bench.try(mutant);
    if (end === 'interrupted') return 130;
    if (end === 'passed') lived.push(mutant);
    print(
      `${end === 'failed' ? 'killed' : 'LIVED '}  ${mutant.id}  (${mutant.tests.map((t) => basename(t)).join(', ')})`,
    );
  }
  const killed = mutants.length - lived.length;
  print(`${killed} of ${mutants.length} killed (${Math.floor((100 * killed) / mutants.length)} %)`);
  return lived.length > 0 ? 1 : 0;
}

function everyPlace(values: {
  module: string[];
  only: string[];
  sample?: string;
  seed: string;
  list: boolean;
  unit: boolean;
  anew: boolean;
  most: string;
}): Promise<number> {
  const count = values.sample === undefined ? undefined : Number(values.sample);
  if (count !== undefined && !(Number.isInteger(count) && count > 0))
    throw new Error('--sample takes a whole number from 1');
  if (!(Number(values.most) > 0)) throw new Error('--most takes a number from 1');
  return tryModules({
    modules: values.module,
    only: values.only,
    count,
    seed: Number(values.seed),
    list: values.list,
    unit: values.unit,
    anew: values.anew,
    most: Number(values.most),
    print,
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      every: { type: 'boolean', default: false },
      module: { type: 'string', multiple: true, default: [] },
      sample: { type: 'string' },
      unit: { type: 'boolean', default: false },
      anew: { type: 'boolean', default: false },
      most: { type: 'string', default: '120' },
      seed: { type: 'string', default: '1' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    print(USAGE);
    return 0;
  }
  if (values.every) return everyPlace(values);
  const mutants = chosen(MUTANTS, values.only);
  if (values.list) {
    for (const { id, file, tests } of mutants) print(`${id}  ${file}  ${tests.join(' ')}`);
    return 0;
  }
  const bench = new Bench(await copyOfTree());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => bench.stop());
  try {
    return await tryAll(mutants, bench);
  } finally {
    bench.remove();
  }
}

process.exitCode = await main().catch((error: Error) => {
  process.stderr.write(`mutants: ${error.message}\n`);
  return 2;
});
