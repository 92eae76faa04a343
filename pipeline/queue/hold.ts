import type { Emit } from '../core/events/event.ts';
import { lockWorkspace } from '../workspace/lock.ts';

/** The lock of a worker's workspace, held as long as any unit is built: images have folders of their own in it. */
export class HeldWorkspace {
  readonly #workspace: string;
  readonly #emit: Emit;
  #users = 0;
  #lock: Promise<() => Promise<void>> | undefined;

  constructor(workspace: string, emit: Emit) {
    this.#workspace = workspace;
    this.#emit = emit;
  }

  /** Runs `body` under the lock. */
  async during<T>(signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    this.#users += 1;
    this.#lock ??= lockWorkspace(this.#workspace, { doing: 'worker', wait: true, emit: this.#emit, signal });
    try {
      await this.#lock;
      return await body();
    } finally {
      this.#users -= 1;
      if (this.#users === 0) {
        const lock = this.#lock;
        this.#lock = undefined;
        const release = await lock.catch(() => undefined);
        await release?.();
      }
    }
  }
}
