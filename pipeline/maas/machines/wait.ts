import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { isTemporary } from '../../host/http/retry-budget.ts';
import type { MaasClient } from '../api/client.ts';
import { listMachines } from './list.ts';
import type { Machine, WaitGoal, WaitOptions, WaitResult } from './types.ts';
import { Watch } from './watch.ts';

/** A machine takes minutes: a request every few seconds is enough, however many there are. */
const POLL_MS = 2000;
const SLOWEST = 7.5;
const SLOWER = 1.4;

/**
 * Waits until every machine is where `goal` says, or has failed, or has been too long where it is. One request for all
 * of them each time; the pause grows while nothing changes. A MAAS that does not answer is waited for as well.
 * @returns one result for each machine; a failure is a result and not thrown
 * @throws Fault INTERRUPTED, MAAS_* other than those that pass
 */
export async function waitFor(
  client: MaasClient,
  machines: readonly (Machine | string)[],
  goal: WaitGoal,
  options: WaitOptions,
): Promise<WaitResult[]> {
  const { signal, emit, pollMs = POLL_MS, now = () => performance.now() } = options;
  const watch = new Watch(machines, goal, { ...options, now });
  let pauseMs = pollMs;
  let silent = false;
  for (;;) {
    if (options.more) watch.add(await options.more(watch.open.length));
    if (watch.open.length === 0) break;
    let changed = false;
    try {
      changed = watch.seen(await listMachines(client, { systemIds: watch.open }));
      silent = false;
    } catch (error) {
      if (!(error instanceof Fault) || !isTemporary(error)) throw error;
      if (!silent)
        emit({
          type: 'notice',
          level: 'warning',
          message: `${error.message}; MAAS continues, still waiting`,
        });
      silent = true;
      watch.unseen();
    }
    if (watch.open.length === 0) continue;
    pauseMs = changed ? pollMs : Math.min(pauseMs * SLOWER, pollMs * SLOWEST);
    try {
      await sleep(pauseMs, undefined, { signal });
    } catch {
      throw interrupted(signal);
    }
  }
  return watch.results;
}
