import type { Emit } from '../core/events/event.ts';

/** Milliseconds between two events of an advance. */
const PACE_MS = 200;

/** Reports the advance of a transfer of so many bytes. */
export function progressOf(emit: Emit, label: string, total: number) {
  let done = 0;
  let shownAt = performance.now();
  // Of each transfer its own, since its speed is reckoned by it.
  const id = `store:${label}`;
  const show = () => emit({ type: 'progress', id, label, done, total, unit: 'bytes' });
  return {
    advance(count: number): void {
      done += count;
      if (performance.now() - shownAt < PACE_MS) return;
      shownAt = performance.now();
      show();
    },
    end(): void {
      done = total;
      show();
    },
  };
}
