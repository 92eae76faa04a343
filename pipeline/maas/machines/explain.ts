import type { MaasClient } from '../api/client.ts';
import { causeOf } from './causes.ts';
import { readEvents } from './events.ts';
import { readFailedScripts } from './scripts.ts';
import type { Explanation, Machine } from './types.ts';

/**
 * Why a machine failed: its last events and the output of the scripts that did not pass, and what they mean. Three
 * requests at most. What cannot be fetched is left out: an explanation must not fail on top of the failure.
 */
export async function explainFailure(client: MaasClient, machine: Machine): Promise<Explanation> {
  const [events, scripts] = await Promise.all([
    readEvents(client, machine.systemId).catch(() => []),
    readFailedScripts(client, machine).catch(() => []),
  ]);
  return { ...causeOf(machine, events, scripts), events, scripts };
}
