import { setTimeout as sleep } from 'node:timers/promises';
import type { Release } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { isTemporary } from '../../host/http/retry-budget.ts';
import type { MaasClient } from '../api/client.ts';
import { allocate, listMachines } from '../machines/api.ts';
import { efiFault } from '../machines/boot.ts';
import { statusKind, statusName } from '../machines/status.ts';
import type { Machine } from '../machines/types.ts';
import { machineOf } from './lease.ts';

export interface AcquireRequest {
  /** Names or patterns; empty: any that has the tags. */
  machines: readonly string[];
  tags: readonly string[];
  /** Of the image, such as amd64/generic. */
  architecture: string;
  /** The image boots by UEFI. */
  needsEfi: boolean;
  agentName: string;
  comment: string;
  /** Seconds. */
  waitS: number;
  /** Milliseconds. */
  pollMs?: number;
  emit: Emit;
  signal: AbortSignal;
}

/** Milliseconds between two looks, at first: a machine that is being given back is free soon. */
const FIRST_PAUSE_MS = 1000;

/**
 * Takes the first machine that is free of those that may be used, waiting for one if need be.
 * @throws Fault USAGE when none is named, MACHINE_UNKNOWN, MACHINE_NO_EFI, MACHINE_UNAVAILABLE
 */
export async function acquireMachine(client: MaasClient, request: AcquireRequest): Promise<Machine> {
  const { waitS, pollMs = 10_000, agentName, comment, emit, signal } = request;
  const started = performance.now();
  let pauseMs = Math.min(FIRST_PAUSE_MS, pollMs);
  let reported = false;
  for (;;) {
    const usable = await usableMachines(client, request);
    for (const { systemId } of usable.filter(({ status }) => status === 'ready')) {
      const machine = await acquire(client, { systemId, agentName, comment }, signal);
      if (machine) return machine;
    }
    // Free machines of a moment ago count as busy: somebody else has them.
    const mayComeFree = usable.some(
      ({ status }) =>
        status === 'ready' ||
        status === 'deployed' ||
        status === 'allocated' ||
        statusKind(status) === 'passing',
    );
    if (!mayComeFree || (performance.now() - started) / 1000 >= waitS) throw unavailable(usable, request);
    if (!reported)
      emit({ type: 'notice', level: 'info', message: `waiting for a free machine: ${states(usable)}` });
    reported = true;
    const leftMs = waitS * 1000 - (performance.now() - started);
    await sleep(Math.max(0, Math.min(pauseMs, leftMs)), undefined, { signal }).catch(() => {
      throw interrupted(signal);
    });
    pauseMs = Math.min(pauseMs * 1.4, pollMs);
  }
}

/** Whether the image's boot loader needs an EFI partition: that of DGX OS does. */
export const bootsByEfi = (release: Pick<Release, 'profile'>) => release.profile.startsWith('dgx');

/** Machines that may be used, whether they are free or not. @throws Fault USAGE, MACHINE_UNKNOWN, MACHINE_NO_EFI */
export async function usableMachines(
  client: MaasClient,
  request: Pick<AcquireRequest, 'machines' | 'tags' | 'architecture' | 'needsEfi'>,
): Promise<Machine[]> {
  const { machines, tags, architecture, needsEfi } = request;
  if (machines.length === 0 && tags.length === 0) throw noMachineConfigured();
  const named = await listMachines(client, { ...(machines.length ? { names: machines } : {}), tags });
  const family = architecture.split('/')[0];
  const fitting = named.filter((one) => !one.locked && one.architecture.split('/')[0] === family);
  if (fitting.length === 0) {
    const which = [machines.join(', '), tags.length ? `tagged ${tags.join(' and ')}` : ''];
    throw new Fault(
      'MACHINE_UNKNOWN',
      `No ${family} machine of this MAAS is ${which.filter(Boolean).join(' ')}`,
      {
        hint: named.length
          ? `There are others: ${named.map((one) => `${one.hostname} (${one.architecture}${one.locked ? ', locked' : ''})`).join(', ')}.`
          : 'dgxos-maas machines list shows all machines with their tags.',
      },
    );
  }
  const booting = needsEfi ? fitting.filter((one) => !efiFault(one)) : fitting;
  const [first] = fitting;
  if (booting.length === 0 && first) throw efiFault(first) as Fault;
  return booting;
}

/** Any free machine would be too many: it is overwritten. */
export function noMachineConfigured(): Fault {
  return new Fault('USAGE', 'No machine is configured that may be deployed and overwritten', {
    hint: 'Set acceptance.machines or acceptance.tags in dgxos-maas.yaml, or use `accept` with --machine or --tag.',
  });
}

/** @returns undefined when somebody else was faster */
async function acquire(
  client: MaasClient,
  request: { systemId: string; agentName: string; comment: string },
  signal: AbortSignal,
): Promise<Machine | undefined> {
  try {
    return await allocate(client, request);
  } catch (error) {
    if (!(error instanceof Fault) || signal.aborted) throw error;
    if (error.code === 'MACHINE_UNAVAILABLE') return undefined;
    if (!isTemporary(error)) throw error;
    // The answer may be what was lost, not the allocation.
    return machineOf(client, request.agentName);
  }
}

function unavailable(usable: readonly Machine[], { waitS }: AcquireRequest): Fault {
  return new Fault('MACHINE_UNAVAILABLE', `No machine became free for the acceptance: ${states(usable)}`, {
    hint: `It waited for ${waitS} s (acceptance.wait). dgxos-maas machines list shows their owners.`,
  });
}

function states(machines: readonly Machine[]): string {
  return machines
    .slice(0, 8)
    .map(({ hostname, status, owner }) => `${hostname} is ${statusName(status)}${owner ? ` (${owner})` : ''}`)
    .join(', ');
}
