import { Fault } from '../../core/faults/fault.ts';
import type { Form, MaasClient } from '../api/client.ts';
import { MaasError } from '../api/maas-error.ts';
import { parseMachines } from './parse-machine.ts';
import type { PowerField, PowerType } from './power-types.ts';
import type { Machine } from './types.ts';

/** A conflict may be one of two requests at the same moment; a second one is not an accident any more. */
const TOLERATED_CONFLICTS = 1;
const PREFIX = 'power_parameters_';

/**
 * Judges the conflicts of requests that give a machine its power. MAAS keeps each BMC once, and answers a second machine with
 * it by a 409 that says "try again" for ever; from the second on the machines' power parameters are compared.
 * @param form what was sent
 * @param systemId the machine that is changed; undefined for a new one
 * @returns for each fault of a try: resolves where trying again may help
 */
export function bmcConflictChecker(
  client: MaasClient,
  form: Form,
  types: readonly PowerType[],
  systemId?: string,
): (fault: Fault) => Promise<void> {
  let conflicts = 0;
  return async (fault) => {
    const isConflict = fault instanceof MaasError && fault.status === 409 && fault.row === undefined;
    if (!isConflict || ++conflicts <= TOLERATED_CONFLICTS) return;
    const owner = await ownerOf(client, form, types, systemId);
    if (owner) throw taken(owner, form);
  };
}

/** The machine with the BMC of a form. Two requests; what they answer of other machines' passwords is only compared. */
async function ownerOf(
  client: MaasClient,
  form: Form,
  types: readonly PowerType[],
  systemId: string | undefined,
): Promise<Machine | undefined> {
  const type = types.find(({ name }) => name === form.power_type);
  if (!type) return undefined;
  const path = 'machines/';
  const machines = parseMachines(client, path, await client.get(path)).filter(
    (machine) => machine.systemId !== systemId && machine.powerType === type.name,
  );
  const all = (await client.get('machines/?op=power_parameters')) as Record<string, unknown> | null;
  const fields = type.fields.filter(({ ofNode }) => !ofNode);
  return machines.find((machine) => {
    const theirs = (all?.[machine.systemId] ?? {}) as Record<string, unknown>;
    return fields.every((field) => sameValue(field, form[PREFIX + field.name], theirs[field.name]));
  });
}

function sameValue(field: PowerField, sent: unknown, theirs: unknown): boolean {
  // The default of a list is not known here.
  if (sent === undefined && field.kind === 'choices') return true;
  return written(sent ?? field.fallback) === written(theirs ?? field.fallback);
}

const written = (value: unknown): string => [value].flat().map(String).filter(Boolean).sort().join(',');

function taken(owner: Machine, form: Form): Fault {
  const address = form[`${PREFIX}power_address`];
  const bmc = `BMC${typeof address === 'string' ? ` ${address}` : ''}`;
  return new Fault('MACHINE_STATE', `The ${bmc} already belongs to the machine ${owner.hostname}`, {
    hint: `MAAS stores each BMC once. Check the address, or run: dgxos-maas machines list ${owner.hostname}`,
  });
}
