import { Fault } from '../../core/faults/fault.ts';
import { isTemporary, RetryBudget } from '../../host/http/retry-budget.ts';
import type { Form, MaasClient } from '../api/client.ts';
import { readMachine } from './list.ts';
import { parseMachine } from './parse-machine.ts';
import type { Machine } from './types.ts';

export interface Operation {
  /** Of machines/{id}/: deploy, release, commission, power_on, … */
  op: string;
  form: Form;
  /** Whether a machine is where the operation leads; asked after an answer was lost. */
  done: (machine: Machine) => boolean;
}

// A region that restarts is back within this time.
const RETRY_FOR_S = 60;

/**
 * Does an operation on one machine. An operation is never sent twice blindly: after a lost answer or a busy server the
 * machine is read, and it is only sent again where it has not worked.
 * @returns the machine as MAAS answered; undefined where it answers nothing
 * @throws Fault MAAS_*
 */
export async function perform(
  client: MaasClient,
  systemId: string,
  { op, form, done }: Operation,
  { signal }: { signal: AbortSignal },
): Promise<Machine> {
  const path = `machines/${systemId}/?op=${op}`;
  const retryBudget = new RetryBudget({ totalS: RETRY_FOR_S });
  retryBudget.reached();
  for (;;) {
    try {
      return await answered(client, systemId, path, await client.call(path, form));
    } catch (error) {
      if (!(error instanceof Fault) || !isTemporary(error)) throw error;
      await retryBudget.pause(error, signal, client.retrying(error));
      const now = await readMachine(client, systemId);
      if (done(now)) return now;
    }
  }
}

/** Some operations answer the machine, some (power_off of a machine that is off) nothing. */
async function answered(client: MaasClient, systemId: string, path: string, text: string): Promise<Machine> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return readMachine(client, systemId);
  }
  return value === null ? readMachine(client, systemId) : parseMachine(client, path, value);
}
