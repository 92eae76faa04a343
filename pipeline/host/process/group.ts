import type { ChildProcess } from 'node:child_process';

/** Milliseconds for a tool to end: a second is what a user waits for a signal to be obeyed. */
export const GRACE_MS = 800;

/** The process group of a tool. */
export class Group {
  readonly #child: ChildProcess;
  readonly #graceMs: number;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(child: ChildProcess, graceMs: number) {
    this.#child = child;
    this.#graceMs = graceMs;
  }

  /** Politely, and by force after the grace. */
  end(): void {
    this.#kill('SIGINT');
    this.#timer ??= setTimeout(() => {
      this.#kill('SIGKILL');
      // Something that left the group may hold the pipes open.
      this.#child.stdout?.destroy();
      this.#child.stderr?.destroy();
    }, this.#graceMs);
  }

  /** The tool itself has ended. */
  gone(): void {
    clearTimeout(this.#timer);
    // It was to end as a whole: what it started does not outlive it.
    if (this.#timer !== undefined) this.#kill('SIGKILL');
    this.#ended = true;
  }

  #kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#ended) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is gone already.
    }
  }
}
