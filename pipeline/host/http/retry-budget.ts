import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../core/faults/catalogue.ts';
import type { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';

export interface RetryBudgetOptions {
  /** Seconds of trying without any advance before it is given up. */
  totalS: number;
  /** Seconds for a server that has never answered: a wrong URL should not cost an hour. */
  firstContactS?: number;
  /** Tries of a server that has never answered. */
  firstTries?: number;
  /** Milliseconds before the first retry; doubled each time. */
  baseMs?: number;
  /** Milliseconds between retries at most, where the server does not ask for more. */
  capMs?: number;
  /** The longest pause that a server may ask for, in milliseconds. */
  askedCapMs?: number;
  /** Tries in a row without any advance. */
  tries?: number;
  now?: () => number;
}

/** Whether waiting and trying again is right: network faults and statuses that pass. */
export function isTemporary(fault: Fault): boolean {
  return fault.exitCode === EXIT.temporary;
}

/** A name that no name server knows is a wrong URL; one that is away (EAI_AGAIN) may come back. */
function isUnknownHost({ cause }: Fault): boolean {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOTFOUND';
}

/** A fault of a server that has said when to come back. */
interface Asking {
  /** Seconds. */
  retryAfterS?: number | undefined;
}

/** Seconds from a Retry-After, which is a number of them or a date; undefined where it is neither. */
export function retryAfterS(header: string | null): number | undefined {
  if (header === null) return undefined;
  // Without the name of a month, V8 takes "-1" for a year.
  const date = /[a-z]{3}/i.test(header) ? Date.parse(header) : Number.NaN;
  const value = /^\d+$/.test(header) ? Number(header) : (date - Date.now()) / 1000;
  return Number.isFinite(value) ? Math.max(0, value) : undefined;
}

/**
 * The time to keep trying. Every advance starts the count again, so that a slow line with many faults still finishes,
 * and only a standstill is given up.
 */
export class RetryBudget {
  readonly #options: Required<RetryBudgetOptions>;
  #reached = false;
  #since: number | undefined;
  #failures = 0;

  constructor(options: RetryBudgetOptions) {
    this.#options = {
      firstContactS: 30,
      firstTries: Number.POSITIVE_INFINITY,
      baseMs: 500,
      capMs: 30_000,
      askedCapMs: 24 * 3600_000,
      tries: Number.POSITIVE_INFINITY,
      now: () => performance.now(),
      ...options,
    };
  }

  /** The number of the try under way, from 1. */
  get attempt(): number {
    return this.#failures + 1;
  }

  /** The server has answered, whatever it said. */
  reached(): void {
    this.#reached = true;
  }

  /** Something got done. */
  advanced(): void {
    this.#failures = 0;
    this.#since = undefined;
  }

  /**
   * Waits before the next try, a little longer each time, and as long as the server asked for.
   * @param waiting called with the seconds to wait, before waiting
   * @throws the fault itself when it is not temporary, or the time is used up
   */
  async pause(fault: Fault, signal: AbortSignal, waiting: (seconds: number) => void): Promise<void> {
    if (!isTemporary(fault)) throw fault;
    const { totalS, firstContactS, firstTries, tries, baseMs, capMs, askedCapMs, now } = this.#options;
    if (this.attempt >= tries) throw fault;
    if (!this.#reached && (this.attempt >= firstTries || isUnknownHost(fault))) throw fault;
    this.#since ??= now();
    const limitMs = 1000 * (this.#reached ? totalS : Math.min(totalS, firstContactS));
    const leftMs = this.#since + limitMs - now();
    if (leftMs <= 0) throw fault;
    const backOffMs = Math.min(capMs, baseMs * 2 ** this.#failures) * (0.75 + Math.random() / 2);
    const askedMs = Math.min(askedCapMs, 1000 * ((fault as Asking).retryAfterS ?? 0));
    const waitMs = Math.min(leftMs, Math.max(backOffMs, askedMs));
    this.#failures += 1;
    waiting(waitMs / 1000);
    try {
      await sleep(waitMs, undefined, { signal });
    } catch {
      throw interrupted(signal);
    }
  }
}
