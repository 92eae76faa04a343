import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { toolEnvironment } from './environment.ts';
import { GRACE_MS, Group } from './group.ts';
import { Tail } from './tail.ts';
import { toolMissing } from './tool-fault.ts';

/** One line of names is one start; the tool's output is followed by a line with a mark, which no tool knows, and its exit code. */
const SCRIPT = `mark=$1; shift; set -f
while read -r names; do "$@" $names </dev/null 2>&1; printf '\\n%s %d\\n' "$mark" $?; done`;
const NAME = /^[\w.][\w.-]*$/;
/** Bytes of output that are kept of each start: the last ones. */
const KEEP = 10_000;

export interface Ended {
  exitCode: number;
  /** The end of its output, of stdout and stderr together. */
  said: string;
}

interface Waiting {
  resolve: (ended: Ended) => void;
  reject: (error: unknown) => void;
}

/**
 * A shell that starts a short tool again and again. Node starts a process by fork(), after which every page that it writes to is copied or
 * found anew: where large buffers are filled meanwhile, that costs more than the tool's start. The shell has next to no pages.
 */
export class Starter {
  readonly #tool: string;
  readonly #signal: AbortSignal;
  readonly #shell: ChildProcess;
  readonly #group: Group;
  readonly #ended: Promise<void>;
  readonly #end = () => this.#group.end();
  readonly #mark = randomUUID();
  readonly #endLine = new RegExp(`\\n${this.#mark} (\\d+)\\n$`);
  #said = new Tail(KEEP);
  #waiting: Waiting | undefined;
  #failure: unknown;

  /**
   * @param argv beginning of the tool's argv, to which each start adds its names
   * @param cwd where the names are
   * @param signal ends the shell and the tool
   */
  constructor(argv: readonly [string, ...string[]], cwd: string, signal: AbortSignal) {
    this.#tool = argv[0];
    this.#signal = signal;
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', this.#mark, ...argv], {
      cwd,
      env: toolEnvironment(),
      // A group of its own: Ctrl-C is for us, and we decide what it means.
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#group = new Group(this.#shell, GRACE_MS);
    // Not there where no process could be made.
    this.#shell.stdin?.on('error', () => {});
    this.#shell.stdout?.on('data', (text: Buffer) => this.#see(text));
    this.#ended = new Promise((resolve) => {
      this.#shell.once('error', (error) => {
        this.#fail(error);
        resolve();
      });
      this.#shell.once('close', (code, by) => {
        this.#group.gone();
        this.#fail(
          new Fault('TOOL_FAILED', `The shell that starts ${this.#tool} ended: ${by ?? `exit code ${code}`}`),
        );
        resolve();
      });
    });
    signal.addEventListener('abort', this.#end, { once: true });
  }

  /**
   * Runs the tool once more; only when it has ended, the next time.
   * @param names of files in the folder, without blanks or any other special characters
   * @throws Fault TOOL_MISSING; TOOL_FAILED when the shell has ended; INTERRUPTED when `signal` was aborted
   */
  async run(names: readonly string[]): Promise<Ended> {
    if (this.#waiting || !names.every((name) => NAME.test(name)))
      throw new TypeError(`not a start: ${names.join(' ')}`);
    if (this.#signal.aborted) throw interrupted(this.#signal);
    if (this.#failure) throw this.#failure;
    this.#said = new Tail(KEEP);
    const ended = await new Promise<Ended>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#shell.stdin!.write(`${names.join(' ')}\n`);
    });
    // Of a command that the shell does not find.
    if (ended.exitCode === 127) throw toolMissing(this.#tool);
    return ended;
  }

  /** Ends the shell; a tool that is still running is ended with it. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#end);
    if (this.#waiting) this.#group.end();
    else this.#shell.stdin?.end();
    await this.#ended;
  }

  #see(text: Buffer): void {
    this.#said.push(text);
    const said = this.#said.text();
    const [end, code] = this.#endLine.exec(said) ?? [];
    if (end === undefined) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ exitCode: Number(code), said: said.slice(0, -end.length) });
  }

  #fail(error: unknown): void {
    this.#failure = error;
    this.#waiting?.reject(this.#signal.aborted ? interrupted(this.#signal) : error);
    this.#waiting = undefined;
  }
}
