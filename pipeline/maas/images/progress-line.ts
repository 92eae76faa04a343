import type { UploadRequest } from './request.ts';

// Often enough for the eye, seldom enough for a log.
const EVERY_MS = 500;

/** The progress line of one upload. */
export class ProgressLine {
  readonly #request: UploadRequest;
  readonly #attempt: () => number;
  #last = 0;

  constructor(request: UploadRequest, attempt: () => number) {
    this.#request = request;
    this.#attempt = attempt;
  }

  get #label(): string {
    return `${this.#request.name} → ${this.#request.target.name}`;
  }

  /** Shows that MAAS has, or is being sent, so many bytes. */
  at(done: number): void {
    const now = performance.now();
    if (now - this.#last < EVERY_MS && done < this.#request.size) return;
    this.#last = now;
    const attempt = this.#attempt();
    this.#show(done, attempt > 1 ? `attempt ${attempt}` : undefined);
  }

  /** The part that MAAS has already is read here too, for the digest of the whole. */
  catchingUp(): void {
    const { id, emit } = this.#request;
    emit({ type: 'activity', id, label: `${this.#label}: reading the part that MAAS has` });
  }

  /** Everything is sent; the regions copy it. */
  waiting(percent: number): void {
    this.#show(this.#request.size, `sent; MAAS reports ${Math.floor(percent)} %`);
  }

  done(skipped: boolean): void {
    this.#show(this.#request.size, skipped ? 'already there' : 'complete');
  }

  end(): void {
    const { id, emit } = this.#request;
    emit({ type: 'activity-end', id });
  }

  #show(done: number, note: string | undefined): void {
    const { id, size, emit } = this.#request;
    emit({ type: 'progress', id, label: this.#label, done, total: size, unit: 'bytes', note });
  }
}
