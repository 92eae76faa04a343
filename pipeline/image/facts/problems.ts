import { Sampler } from './collector.ts';
import type { Problem, ProblemKind } from './facts.ts';

/** Problems of an archive, counted by kind. */
export class Problems {
  readonly #byKind = new Map<ProblemKind, Sampler>();

  add(kind: ProblemKind, text: string): void {
    let sampler = this.#byKind.get(kind);
    if (!sampler) {
      sampler = new Sampler();
      this.#byKind.set(kind, sampler);
    }
    sampler.add(text);
  }

  list(): Problem[] {
    return [...this.#byKind].map(([kind, { count, examples }]) => ({ kind, count, examples }));
  }
}
