import { type ChildProcess, fork } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyOfTree, ROOT } from './copy.ts';
import { armed, type Place } from './every.ts';

export type End = 'passed' | 'failed' | 'interrupted';

/** The faults by file, and the number of each file's first. */
export type Arms = ReadonlyMap<string, { places: readonly Place[]; first: number }>;

/** A copy of the tree with every fault in it, of which one at a time is in force, and a vitest that stays up between them. */
export class ArmedBench {
  readonly #dir: string;
  #child: ChildProcess | undefined;
  #stopped = false;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async make(arms: Arms): Promise<ArmedBench> {
    const bench = new ArmedBench(await copyOfTree());
    mkdirSync(bench.#state);
    bench.#activate('-');
    for (const [file, { places, first }] of arms) {
      const source = readFileSync(join(ROOT, file), 'utf8');
      writeFileSync(join(bench.#dir, file), armed(source, places, first, bench.#state));
    }
    return bench;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  get #state(): string {
    return join(this.#dir, '.mutants');
  }

  #activate(active: string): void {
    writeFileSync(join(this.#state, 'active'), active);
    // Some tests start the program as another user.
    writeFileSync(join(this.#state, 'seen'), '');
    chmodSync(join(this.#state, 'seen'), 0o666);
    chmodSync(this.#state, 0o755);
  }

  /** Runs a test file without a fault. @returns the numbers of the places that it comes past, or undefined if it fails */
  async see(file: string, longestMs: number): Promise<number[] | undefined> {
    this.#activate('-');
    const end = await this.#test(file, longestMs);
    if (end !== 'passed') return undefined;
    const lines = readFileSync(join(this.#state, 'seen'), 'utf8').split('\n').slice(0, -1);
    return [...new Set(lines.map(Number))];
  }

  /** Runs test files with one fault in force until one fails. @returns that one, or undefined when all have passed */
  async try(
    number: number,
    files: readonly { file: string; longestMs: number }[],
  ): Promise<{ end: End; by?: string }> {
    this.#activate(String(number));
    for (const { file, longestMs } of files) {
      const end = await this.#test(file, longestMs);
      if (end !== 'passed') return { end, by: file };
    }
    return { end: 'passed' };
  }

  async #test(file: string, longestMs: number): Promise<End> {
    if (this.#stopped) return 'interrupted';
    this.#child ??= await this.#start();
    const child = this.#child;
    const end = await new Promise<End>((done) => {
      // A fault may make a loop endless: that is seen, too.
      const timer = setTimeout(() => this.#kill(), longestMs);
      const finish = (end: End) => {
        clearTimeout(timer);
        child.removeAllListeners();
        done(end);
      };
      child.once('message', ({ passed }: { passed: boolean }) => finish(passed ? 'passed' : 'failed'));
      child.once('close', () => finish('failed'));
      child.send({ file });
    });
    return this.#stopped ? 'interrupted' : end;
  }

  async #start(): Promise<ChildProcess> {
    const bin = join(this.#dir, 'node_modules/.bin');
    const child = fork(join(this.#dir, 'test/mutants/worker.ts'), [this.#dir], {
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, NO_COLOR: '1' },
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
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
