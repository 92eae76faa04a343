import type { Emit } from './event.ts';

/** Does something that reports its advance as `id`; its live line ends with it, whether it succeeds or not. */
export async function underWay<T>(emit: Emit | undefined, id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    emit?.({ type: 'activity-end', id });
  }
}
