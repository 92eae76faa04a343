import { plain } from '../../core/escape/terminal.ts';
import { Fault } from '../../core/faults/fault.ts';
import { headlineOf } from '../../image/checks/judge.ts';
import { failures } from '../../image/checks/phrases.ts';
import type { Acceptance } from './types.ts';

/** The fault for an image that failed on a machine. */
export function quarantined(failed: readonly Acceptance[]): Fault {
  const [first] = failed as [Acceptance];
  return new Fault(
    'IMAGE_QUARANTINED',
    `${first.name} failed its acceptance on ${first.machine.hostname} and is quarantined`,
    {
      detail: failed
        .flatMap(({ verdict }) => failures(verdict).filter(({ severity }) => severity === 'blocker'))
        .map((f) => `${f.id}: ${plain(headlineOf(f))}\n  fix:   ${plain(f.fix)}`)
        .join('\n'),
      hint: 'The logs of the machine are in the report.',
    },
  );
}
