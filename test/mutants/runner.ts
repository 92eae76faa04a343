import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type RunnerTask,
  type RunnerTestCase,
  type RunnerTestFile,
  TestRunner,
  type TestTryOptions,
} from 'vitest';
import type { Switch } from './every.ts';

/** The work on one test file, in `work.json` of the state folder. */
export interface Work {
  /** Numbers of the faults to try, by the ids of the tests; undefined: each test is run once, and recorded. */
  plan?: Readonly<Record<string, readonly number[]>>;
}

/** A line of `log`. Places are eight times their number, and the answers that they gave. */
export type Line =
  | { is: 'seen'; test: string; name: string; ms: number; places: number[] }
  | { is: 'try'; test: string; name: string; number: number; killed: boolean }
  | { is: 'once'; numbers: number[] }
  | { is: 'failed'; name: string }
  | { is: 'broken'; test: string; number: number }
  | { is: 'end'; outside: number[] };

/** The steps of one test: twice without a fault, then with one after the other; after one that it killed, without it. */
type Step = { is: 'first' | 'again' } | { is: 'fault' | 'after'; number: number };

const STATE = process.env.MUTANTS_STATE!;
const LONGEST_MS = 400_000;
/** Calls and time of a try, beyond a multiple of those without a fault. */
const MORE = { calls: 1_000_000, ms: 15_000 };

/**
 * Runs each test again and again in one process, with one fault in force at a time, as vitest would retry it. A fault is
 * killed by a test that fails with it, and passes without it before and afterwards.
 */
export default class MutantRunner extends TestRunner {
  readonly #work: Work = JSON.parse(readFileSync(join(STATE, 'work.json'), 'utf8'));
  readonly #outside = new Map<number, number>();
  readonly #switch: Switch = {
    active: Number.NaN,
    see: (number, answers) => this.#seen.set(number, (this.#seen.get(number) ?? 0) | answers),
    calls: 0,
    most: Number.POSITIVE_INFINITY,
  };
  #seen = new Map<number, number>();
  #step: Step = { is: 'first' };
  #queue: number[] = [];
  #cleanMs = 0;
  #cleanCalls = 0;
  #started = 0;
  #stop = false;
  readonly #killed = new Set<number>();

  constructor(config: ConstructorParameters<typeof TestRunner>[0]) {
    super(config);
    Object.assign(globalThis, { mutantSwitch_: this.#switch });
  }

  onCollected(files: RunnerTestFile[]): void {
    const alone = (task: RunnerTask) => {
      // One switch for the whole process: two tests at a time would share it.
      task.concurrent = false;
      if ('tasks' in task) task.tasks.forEach(alone);
    };
    files.forEach(alone);
  }

  override async onBeforeRunTask(test: RunnerTask): Promise<void> {
    await super.onBeforeRunTask(test);
    if (this.#stop || (this.#work.plan && !this.#work.plan[test.id])) test.mode = 'skip';
    if (test.mode !== 'run' && test.mode !== 'queued') return;
    this.#keepOutside();
    this.#step = { is: 'first' };
    if (test.type === 'test' && !test.fails) test.retry = Number.MAX_SAFE_INTEGER;
  }

  override onBeforeTryTask(test: RunnerTask, options: TestTryOptions): void {
    super.onBeforeTryTask(test, options);
    const fault = this.#step.is === 'fault' ? this.#step.number : undefined;
    this.#switch.active = fault ?? Number.NaN;
    this.#switch.calls = 0;
    this.#switch.most = fault === undefined ? Number.POSITIVE_INFINITY : 50 * this.#cleanCalls + MORE.calls;
    this.#seen = new Map();
    writeFileSync(join(STATE, 'seen'), '');
    const longest = fault === undefined ? LONGEST_MS : this.#longest() + 10_000;
    // A program that a test starts reads one file; the other one is for the parent, which ends a process that hangs.
    writeFileSync(join(STATE, 'active'), String(fault ?? '-'));
    writeFileSync(join(STATE, 'deadline'), String(Date.now() + longest));
    this.#started = performance.now();
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    const run = TestRunner.getTestFn(test)!;
    if (this.#step.is !== 'fault') return run();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, failed) => {
      timer = setTimeout(() => failed(new Error('the test does not end')), this.#longest());
    });
    try {
      await Promise.race([run(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  override async onAfterRetryTask(test: RunnerTestCase, options: TestTryOptions): Promise<void> {
    await super.onAfterRetryTask(test, options);
    const result = test.result!;
    if (result.state === 'skip' || test.mode === 'skip') return;
    const passed = result.state === 'pass';
    const more = !test.fails && this.#next(test, passed, performance.now() - this.#started);
    if (!more) {
      this.#switch.active = Number.NaN;
      this.#seen = new Map();
    }
    // vitest tries again what failed, and the attempts and errors of a thousand tries are not wanted.
    result.state = more ? 'fail' : 'pass';
    result.errors = more ? [{ message: 'try again' }] : [];
    result.attempts = [];
  }

  override onAfterRunFiles(files: RunnerTestFile[]): void {
    super.onAfterRunFiles(files);
    this.#keepOutside();
    if (!this.#stop) this.#log({ is: 'end', outside: placesOf(this.#outside) });
  }

  /** @returns whether there is another step */
  #next(test: RunnerTestCase, passed: boolean, ms: number): boolean {
    const step = this.#step;
    if (step.is === 'first') return this.#begin(test, passed, ms);
    if (step.is === 'again' && !passed) {
      // Such a test, like the hooks of a suite, is run with a fault from the beginning.
      this.#log({ is: 'once', numbers: this.#queue });
      return false;
    }
    if (step.is === 'after' && !passed) {
      // Its kill is not counted, and the process is of no use any more.
      this.#log({ is: 'broken', test: test.id, number: step.number });
      this.#stop = true;
      return false;
    }
    if (step.is === 'fault' && !passed) {
      this.#step = { is: 'after', number: step.number };
      return true;
    }
    if (step.is === 'fault' || step.is === 'after') {
      const { is, number } = step;
      this.#log({ is: 'try', test: test.id, name: test.name, number, killed: is === 'after' });
      if (is === 'after') this.#killed.add(number);
    }
    let number = this.#queue.shift();
    while (number !== undefined && this.#killed.has(number)) number = this.#queue.shift();
    if (number === undefined) return false;
    this.#step = { is: 'fault', number };
    return true;
  }

  /** Once without a fault. */
  #begin(test: RunnerTestCase, passed: boolean, ms: number): boolean {
    this.#seeChildren();
    if (!passed) {
      this.#log({ is: 'failed', name: test.name });
      return false;
    }
    if (!this.#work.plan) {
      const places = placesOf(this.#seen);
      this.#log({ is: 'seen', test: test.id, name: test.name, ms: Math.ceil(ms), places });
      return false;
    }
    this.#cleanMs = ms;
    this.#cleanCalls = this.#switch.calls;
    this.#queue = (this.#work.plan[test.id] ?? []).filter((number) => !this.#killed.has(number));
    this.#step = { is: 'again' };
    return this.#queue.length > 0;
  }

  #longest(): number {
    return MORE.ms + 20 * this.#cleanMs;
  }

  /** Places that are come past before and between tests: by imports and by the hooks of a suite. */
  #keepOutside(): void {
    this.#seeChildren();
    for (const [number, answers] of this.#seen)
      this.#outside.set(number, (this.#outside.get(number) ?? 0) | answers);
    this.#seen = new Map();
  }

  #seeChildren(): void {
    const file = join(STATE, 'seen');
    for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
      const [number, answers] = line.split(' ').map(Number);
      this.#switch.see(number!, answers!);
    }
    writeFileSync(file, '');
  }

  #log(line: Line): void {
    appendFileSync(join(STATE, 'log'), `${JSON.stringify(line)}\n`);
  }
}

const placesOf = (seen: ReadonlyMap<number, number>) =>
  [...seen].map(([number, answers]) => 8 * number + answers);
