import { HttpError } from './http-error.ts';

/** Cuts a request in which nothing happens for too long. */
export class StallLimit {
  readonly #cut: AbortController;
  #timer: NodeJS.Timeout | undefined;

  constructor(cut: AbortController) {
    this.#cut = cut;
  }

  /** From now on so many milliseconds; what was expected before no longer is. @param what is wrong when they are over: "no answer came" */
  expect(ms: number, what: string): void {
    clearTimeout(this.#timer);
    const late = new HttpError('stalled', `${what} for ${Math.round(ms / 1000)} s`);
    this.#timer = setTimeout(() => this.#cut.abort(late), ms);
  }

  /** Nothing is expected of the other side. */
  rest(): void {
    clearTimeout(this.#timer);
  }
}
