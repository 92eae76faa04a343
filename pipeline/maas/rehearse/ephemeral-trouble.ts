import { Fault } from '../../core/faults/fault.ts';
import type { Ephemeral } from './ephemeral.ts';
import type { Phase } from './types.ts';

/** Lines of the console in a fault. */
const LINES = 12;

/** Phases in which nothing of the image has a part: curtin has not begun. */
const BEFORE_CURTIN: readonly Phase[] = ['power-on', 'ephemeral'];

/** Whether what fails in a phase is the ephemeral's fault. */
export const isBeforeCurtin = (phase: Phase): boolean => BEFORE_CURTIN.includes(phase);

/** The fault of an ephemeral that gets no installation going, which says nothing on the image. @param tail the last lines of the console */
export function ephemeralUnusable(
  said: string,
  { ephemeral, tail }: { ephemeral: Ephemeral | null; tail: readonly string[] },
): Fault {
  return new Fault('EPHEMERAL_UNUSABLE', said, {
    detail: tail.slice(-LINES).join('\n'),
    hint:
      ephemeral && ephemeral.kind !== 'lean'
        ? 'Check that kernel, initrd and squashfs belong together; without --ephemeral the lean one is used.'
        : 'See console.log; on a busy host run it again.',
  });
}
