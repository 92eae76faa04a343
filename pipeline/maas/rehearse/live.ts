import type { Emit } from '../../core/events/event.ts';
import { duration } from '../../core/text/human.ts';
import type { Progress } from './phases.ts';
import type { Phase, Timed } from './types.ts';

/**
 * Reports a rehearsal while it runs, as MAAS does a deployment: each phase that has ended with its time and the usual one, and below the phase,
 * the time since power-on, and what curtin or cloud-init is at.
 * @param seconds since power-on
 */
export function liveReport({
  usual,
  seconds,
  emit,
}: {
  usual: ReadonlyMap<Phase, number>;
  seconds: () => number;
  emit: Emit;
}) {
  const usually = (phase: Phase) => {
    const known = usual.get(phase);
    return known === undefined ? '' : ` (usually ${duration(known)})`;
  };
  return {
    /** Takes each phase that has ended. */
    ended({ phase, seconds: took }: Timed): void {
      emit({ type: 'notice', level: 'info', message: `${phase}: ${duration(took)}${usually(phase)}` });
    },
    /** Takes each change of a progress. */
    follow:
      (progress: Pick<Progress, 'phase' | 'activity'>) =>
      (change: () => void): void => {
        change();
        const { phase, activity } = progress;
        const label = `${phase}, ${duration(seconds())}${usually(phase)}: ${activity || 'the machine starts'}`;
        emit({ type: 'activity', id: 'rehearse', label });
      },
  };
}
