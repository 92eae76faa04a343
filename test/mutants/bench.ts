import { type ChildProcess, fork } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyOfTree } from './copy.ts';
import { armed, type Place } from './every.ts';
import type { Line, Work } from './runner.ts';
import type { Ask } from './worker.ts';

export type End = 'passed' | 'failed' | 'interrupted';

/** The faults by file, and the number of each file's first. */
export type Arms = ReadonlyMap<string, { source: string; places: readonly Place[]; first: number }>;

const LONGEST_MS = 400_000;

/** A copy of the tree with every fault in it, of which one at a time is in force, and a vitest that stays up between them. */
export class ArmedBench {
  readonly dir: string;
  #child: ChildProcess | undefined;
  #stopped = false;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async make(arms: Arms): Promise<ArmedBench> {
    const bench = new ArmedBench(await copyOfTree());
    mkdirSync(bench.#state);
    bench.#activate('-');
    for (const [file, { source, places, first }] of arms)
      writeFileSync(join(bench.dir, file), armed(source, places, first, bench.#state));
    return bench;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  get #state(): string {
    return join(this.dir, '.mutants');
  }

  #activate(active: string): void {
    writeFileSync(join(this.#state, 'active'), active);
    // Some tests start the program as another user.
    writeFileSync(join(this.#state, 'seen'), '');
    chmodSync(join(this.#state, 'seen'), 0o666);
    chmodSync(this.#state, 0o755);
  }

  /**
   * Runs a test file once: records its tests, or runs each with one fault in force after the other.
   * @returns the lines of its log, and the number of the fault in force when the process hung or ended early, `-` for none
   */
  async switching(file: string, work: Work): Promise<{ lines: Line[]; hung: string | undefined }> {
    this.#activate('-');
    for (const [name, text] of [
      ['work.json', JSON.stringify(work)],
      ['deadline', String(Date.now() + LONGEST_MS)],
      ['log', ''],
    ] as const)
      writeFileSync(join(this.#state, name), text);
    const watch = setInterval(() => {
      // The file may be empty while it is written.
      if (Date.now() > (Number(this.#read('deadline')) || Number.POSITIVE_INFINITY)) this.#kill();
    }, 500);
    const end = await this.#test({ file, switching: true });
    clearInterval(watch);
    const lines = this.#read('log')
      .split('\n')
      .slice(0, -1)
      .map((line): Line => JSON.parse(line));
    const ended = end === 'interrupted' || lines.some(({ is }) => is === 'end' || is === 'broken');
    return { lines, hung: ended ? undefined : this.#read('active') };
  }

  /** Runs a test file in a new process with one fault in force from its beginning. */
  async fresh(number: number, file: string, longestMs: number): Promise<End> {
    this.#activate(String(number));
    // A fault may make a loop endless: that is seen, too.
    const timer = setTimeout(() => this.#kill(), longestMs);
    const end = await this.#test({ file, switching: false });
    clearTimeout(timer);
    return end;
  }

  #read(name: string): string {
    return readFileSync(join(this.#state, name), 'utf8');
  }

  async #test(ask: Ask): Promise<End> {
    if (this.#stopped) return 'interrupted';
    this.#child ??= await this.#start();
    const child = this.#child;
    const end = await new Promise<End>((done) => {
      const finish = (end: End) => {
        child.removeAllListeners();
        done(end);
      };
      child.once('message', ({ passed }: { passed: boolean }) => finish(passed ? 'passed' : 'failed'));
      child.once('close', () => {
        this.#child = undefined;
        finish('failed');
      });
      child.send(ask);
    });
    return this.#stopped ? 'interrupted' : end;
  }

  async #start(): Promise<ChildProcess> {
    const bin = join(this.dir, 'node_modules/.bin');
    const child = fork(join(this.dir, 'test/mutants/worker.ts'), [this.dir], {
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, NO_COLOR: '1', MUTANTS_STATE: this.#state },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: true,
    });
    await new Promise<void>((ready, failed) => {
      child.once('message', () => ready());
      child.once('close', () => failed(new Error('vitest does not start in a copy of the tree')));
    });
    child.removeAllListeners();
    return child;
  }

  #kill(): void {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#kill();
  }

  remove(): void {
    this.#kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
