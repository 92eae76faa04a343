import { HttpError } from './http-error.ts';

/** Cuts a request in which nothing happens for too long. */
export class StallLimit {
  readonly #cut: AbortController;
  #timer: NodeJS.Timeout | undefined;
  #ms = 0;
  #what = '';

  constructor(cut: AbortController) {
    this.#cut = cut;
  }

  /** From now on so many milliseconds; what was expected before no longer is. @param what is wrong when they are over: "no answer came" */
  expect(ms: number, what: string): void {
    this.#what = what;
    // The usual case, thousands of times in an upload.
    if (this.#timer && this.#ms === ms) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#ms = ms;
    this.#timer = setTimeout(
      () => this.#cut.abort(new HttpError('stalled', `${this.#what} for ${Math.round(ms / 1000)} s`)),
      ms,
    );
  }

  /** Nothing is expected of the other side. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
