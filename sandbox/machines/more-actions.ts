import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { json, plain, type Reply, refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import { defaultLayout } from './place.ts';
import { answer } from './show.ts';
import type { Machine } from './state.ts';
import { STATUS } from './status.ts';
import { applyLayout } from './storage.ts';
import { machineAt } from './visible.ts';

/** The key that a machine itself speaks to MAAS with; null before it has ever booted for MAAS. */
export function token(call: Call): Reply {
  const { systemId, commissioningSet } = machineAt(call, 'admin');
  if (commissioningSet === null) return json(200, null);
  const part = (name: string, length: number) =>
    createHash('sha256').update(`${systemId} ${name}`).digest('hex').slice(0, length);
  return json(200, {
    token_key: part('token', 18),
    token_secret: part('secret', 32),
    consumer_key: part('consumer', 18),
  });
}

/** What curtin would be given; the sandbox runs none, and says what it would install. */
export function curtinConfig(call: Call): Reply {
  const machine = machineAt(call);
  const states: number[] = [STATUS.DEPLOYING, STATUS.DEPLOYED, STATUS.FAILED_DEPLOYMENT];
  if (!states.includes(machine.status))
    refuse(400, `Machine ${machine.hostname} is not in a deployment state.`);
  const config = {
    debconf_selections: { maas: `cloud-init cloud-init/datasources multiselect MAAS\n` },
    install: { error_tarfile: '/tmp/curtin-logs.tar', log_file: '/tmp/install.log' },
    kernel: { mapping: {}, package: 'linux-generic' },
    reporting: {
      maas: { endpoint: `${call.world.url}/metadata/status/${machine.systemId}`, type: 'webhook' },
    },
    showtrace: true,
    verbosity: 3,
  };
  return plain(200, stringify(config));
}

function needAtRest(machine: Machine, what: string): void {
  if (machine.status !== STATUS.READY && machine.status !== STATUS.FAILED_TESTING)
    refuse(409, `Machine must be in a ready or failed testing state to restore ${what}`);
}

export function restoreNetworking(call: Call): Reply {
  const machine = machineAt(call, 'admin');
  needAtRest(machine, 'networking configuration');
  return answer(call.world, machine);
}

/** Back to the storage that commissioning has laid out. */
export const restoreStorage = (call: Call): Reply => restore(call, 'storage configuration.');

export const restoreDefault = (call: Call): Reply =>
  restore(call, 'default networking and storage configuration.');

function restore(call: Call, what: string): Reply {
  const { world } = call;
  const machine = machineAt(call, 'admin');
  needAtRest(machine, what);
  applyLayout(world, machine, defaultLayout(world));
  world.store.machinesChanged();
  return answer(world, machine);
}

/** The sandbox' machines have no gateway of their own to begin with. */
export const clearGateways = (call: Call): Reply => answer(call.world, machineAt(call, 'admin'));
