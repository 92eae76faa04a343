import pLimit from 'p-limit';
import { Fault } from '../../core/faults/fault.ts';
import type { MaasClient } from '../api/client.ts';
import type { Machine } from './types.ts';

export interface QueriedPower {
  machine: Machine;
  /** on, off, unknown, error; as the BMC says. */
  state: string;
  /** Why it could not be asked. */
  fault?: Fault;
}

/**
 * Asks each BMC, which MAAS waits for up to a minute; there is no request for many. One that cannot be asked is a result.
 */
export function queryPower(
  client: MaasClient,
  machines: readonly Machine[],
  { concurrency, signal }: { concurrency: number; signal: AbortSignal },
): Promise<QueriedPower[]> {
  const limit = pLimit(concurrency);
  return Promise.all(
    machines.map((machine) =>
      limit(async (): Promise<QueriedPower> => {
        if (signal.aborted) throw signal.reason;
        const path = `machines/${machine.systemId}/?op=query_power_state`;
        try {
          const { state } = (await client.get(path)) as { state?: unknown };
          return { machine, state: String(state ?? 'unknown') };
        } catch (error) {
          if (!(error instanceof Fault) || error.code === 'INTERRUPTED' || signal.aborted) throw error;
          return { machine, state: 'error', fault: error };
        }
      }),
    ),
  );
}
