import type { Emit } from '../../core/events/event.ts';
import { duration } from '../../core/text/human.ts';
import type { Watch } from './phases.ts';
import type { Phase } from './types.ts';

/** Of the live line of a rehearsal. */
export const LIVE_ID = 'rehearse';
/** Phases in which nothing reports at first. */
const SILENT: ReadonlySet<Phase> = new Set(['power-on', 'boot']);

/**
 * Reports a rehearsal while it runs, as MAAS does a deployment: each phase that has ended with its time and the usual one, and the present one with
 * what curtin or cloud-init reports. How long the present one has taken is for the renderer to show.
 */
export function liveReport({ usual, emit }: { usual: ReadonlyMap<Phase, number>; emit: Emit }): Watch {
  const usually = (phase: Phase) => {
    const known = usual.get(phase);
    return known === undefined ? '' : ` (usually ${duration(known)})`;
  };
  let shown = '';
  return {
    ended({ phase, seconds: took }) {
      shown = '';
      emit({ type: 'activity-end', id: LIVE_ID });
      emit({ type: 'notice', level: 'info', message: `${phase}: ${duration(took)}${usually(phase)}` });
    },
    changed({ phase, activity }) {
      const at = activity || (SILENT.has(phase) ? 'the machine starts' : '');
      const label = `${phase}${usually(phase)}${at && `: ${at}`}`;
      if (label === shown) return;
      shown = label;
      emit({ type: 'activity', id: LIVE_ID, label });
    },
  };
}
