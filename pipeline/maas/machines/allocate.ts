import { Fault } from '../../core/faults/fault.ts';
import type { Form, MaasClient } from '../api/client.ts';
import { MaasError } from '../api/maas-error.ts';
import { parseMachine } from './parse-machine.ts';
import type { AllocateRequest, Machine } from './types.ts';

/**
 * Takes a free machine for the user of the key.
 * @throws Fault MACHINE_UNAVAILABLE (temporary) when none is free that fits; MAAS_REFUSED for a tag, pool or zone unknown
 */
export async function allocate(client: MaasClient, request: AllocateRequest): Promise<Machine> {
  const form: Form = {};
  if (request.systemId) form.system_id = request.systemId;
  if (request.name) form.name = request.name;
  if (request.tags?.length) form.tags = request.tags;
  if (request.pool) form.pool = request.pool;
  if (request.zone) form.zone = request.zone;
  if (request.architecture) form.arch = request.architecture;
  if (request.agentName) form.agent_name = request.agentName;
  if (request.comment) form.comment = request.comment;
  const path = 'machines/?op=allocate';
  try {
    return parseMachine(client, path, await client.post(path, form));
  } catch (error) {
    if (!(error instanceof MaasError && error.status === 409)) throw error;
    throw new Fault('MACHINE_UNAVAILABLE', `No free machine matches: ${described(request)}`, {
      hint: 'dgxos-maas machines list --status ready shows the free ones; release one, or wait and run the command again.',
      ...(error.detail ? { detail: error.detail } : {}),
      cause: error,
    });
  }
}

function described(request: AllocateRequest): string {
  const parts = [
    request.systemId && `the machine ${request.systemId}`,
    request.name && `named ${request.name}`,
    request.tags?.length && `tagged ${request.tags.join(' and ')}`,
    request.pool && `in the pool ${request.pool}`,
    request.zone && `in the zone ${request.zone}`,
    request.architecture && `of ${request.architecture}`,
  ].filter(Boolean);
  return parts.join(', ') || 'ready';
}
