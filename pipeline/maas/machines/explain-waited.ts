import { duration } from '../../core/text/human.ts';
import type { MaasClient } from '../api/client.ts';
import { eventLine } from './events.ts';
import { explainFailure } from './explain.ts';
import type { JobResult } from './job.ts';
import { tail } from './printable.ts';
import { statusName } from './status.ts';
import { timeoutOf } from './timeouts.ts';
import type { Explanation, StateTimeouts, WaitResult } from './types.ts';

const EVENTS_SHOWN = 6;
const LINES_SHOWN = 8;

type Why = Pick<JobResult, 'cause' | 'remedy' | 'detail' | 'reason'>;

/** Why waiting for a machine was not a success, in a sentence, with the last events and outputs as detail. */
export async function explainWaited(
  client: MaasClient,
  { outcome, hostname, machine, seconds }: WaitResult,
  timeouts: Partial<StateTimeouts>,
): Promise<Why> {
  if (outcome === 'gone' || !machine)
    return {
      cause: `MAAS no longer has ${hostname}`,
      remedy: 'It may have been deleted meanwhile.',
      reason: 'gone',
    };
  const explained = await explainFailure(client, machine);
  const detail = { detail: detailOf(explained) };
  const state = statusName(machine.status);
  if (explained.id !== 'unknown' || outcome === 'failed')
    return { cause: explained.cause, remedy: explained.remedy, reason: explained.id, ...detail };
  if (outcome === 'ended')
    return {
      cause: `${hostname} is ${state} again: the operation was aborted in MAAS`,
      remedy: 'Run the same command again when nobody else uses the machine.',
      reason: 'ended',
      ...detail,
    };
  const limit = Math.min(timeoutOf(machine.status, timeouts), Math.max(1, Math.ceil(seconds)));
  return {
    cause: `${hostname} has been ${state} for ${duration(limit)}, longer than the limit`,
    remedy:
      machine.powerType === 'manual'
        ? `It has manual power: was it turned on? Then: dgxos-maas machines wait ${hostname} --for …`
        : `Check its console; MAAS continues: dgxos-maas machines wait ${hostname} --for …, or raise machines.timeouts.`,
    reason: 'timeout',
    ...detail,
  };
}

/** The last events, and the end of each failed script's output. */
function detailOf({ events, scripts }: Pick<Explanation, 'events' | 'scripts'>): string {
  return [
    ...events.slice(-EVENTS_SHOWN).map(eventLine),
    ...scripts.flatMap(({ name, status, exitStatus, output }) => [
      `${name}: ${status || 'failed'}${exitStatus === null ? '' : `, exit status ${exitStatus}`}`,
      ...tail(output, LINES_SHOWN)
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => `  | ${line.slice(0, 300)}`),
    ]),
  ].join('\n');
}
