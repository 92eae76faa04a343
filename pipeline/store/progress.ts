import type { Emit } from '../core/events/event.ts';
import { underWay } from '../core/events/under-way.ts';

/** Milliseconds between two events of an advance. */
const PACE_MS = 200;

/** Counts the bytes of a transfer. */
export type Advance = (count: number) => void;

/** Makes a transfer of so many bytes, whose advance is reported. */
export function withProgress<T>(
  { emit, label, total }: { emit: Emit; label: string; total: number },
  transfer: (advance: Advance) => Promise<T>,
): Promise<T> {
  let done = 0;
  let shownAt = performance.now();
  // Of each transfer its own, since its speed is reckoned by it.
  const id = `store:${label}`;
  const show = () => emit({ type: 'progress', id, label, done, total, unit: 'bytes' });
  return underWay(emit, id, () =>
    transfer((count) => {
      done += count;
      if (done < total && performance.now() - shownAt < PACE_MS) return;
      shownAt = performance.now();
      show();
    }),
  );
}
