import { EXIT } from '../../core/faults/catalogue.ts';
import { Fault } from '../../core/faults/fault.ts';
import { columns } from '../../core/text/columns.ts';
import type { Paint } from '../../core/text/paint.ts';
import { type Added, addMachines } from '../../maas/machines/add.ts';
import { commissionJob } from '../../maas/machines/commission-job.ts';
import { MAC, plainMac } from '../../maas/machines/mac.ts';
import { MachinesFile } from '../../maas/machines/machines-file.ts';
import { architectureOf, knownByBmc, type NewMachine } from '../../maas/machines/new-machine.ts';
import { type PlacementProblem, placementProblems } from '../../maas/machines/placement.ts';
import { type PowerProblem, powerProblems } from '../../maas/machines/power-parameters.ts';
import { readPowerTypes } from '../../maas/machines/power-types.ts';
import { REQUESTS_AT_ONCE } from '../../maas/machines/run-job.ts';
import { checkTagName } from '../../maas/machines/tags.ts';
import type { Session } from '../session.ts';
import { type BatchFlags, endBatch, runBatch } from './batch.ts';
import { openMaas, type TargetFlags } from './open.ts';
import { type PowerFlags, powerOf } from './power-flags.ts';

export interface AddFlags extends TargetFlags, PowerFlags, BatchFlags {
  from?: string;
  architecture?: string;
  mac?: string[];
  description?: string;
  domain?: string;
  pool?: string;
  zone?: string;
  tag?: string[];
  commission?: boolean;
}

export async function add(session: Session, hostname: string | undefined, flags: AddFlags): Promise<void> {
  const { env, emit, signal } = session;
  if ((hostname === undefined) === (flags.from === undefined))
    throw new Fault('USAGE', 'Name a host, or add many machines with --from FILE', {
      hint: 'dgxos-maas machines add gpu01 --mac 48:b0:2d:00:00:01 --power-type ipmi --power power_address=10.0.0.7',
    });
  const file = flags.from === undefined ? undefined : await MachinesFile.read(flags.from, process.cwd());
  const single = hostname === undefined ? undefined : await oneMachine(hostname, flags, env);
  const maas = await openMaas(session, flags);
  const { client, config } = maas;
  const types = file?.hasPower || single?.power ? await readPowerTypes(client) : [];
  if (single?.power) throwProblems(powerProblems(types, single.power));
  const wanted = single ? [single] : await file!.machines(types, env);
  const unknown = await placementProblems(client, wanted);
  if (unknown.length > 0) throw file ? file.refuse(unknown) : unknownPlace(unknown);
  const concurrency = Math.min(flags.concurrency ?? config.machines.concurrency, REQUESTS_AT_ONCE);
  const added = await addMachines(client, wanted, types, { concurrency, emit, signal });
  const ok = added.every(({ outcome }) => outcome !== 'failed' && outcome !== 'refused');
  if (!ok) session.exitCode = EXIT.maas;
  const machines = added.flatMap(({ machine, outcome }) =>
    machine && (outcome === 'added' || machine.status === 'new') ? [machine] : [],
  );
  if (!flags.commission || machines.length === 0) {
    session.data({ ok, action: 'add', machines: added.map(addedJson) }, () =>
      addedTable(added, session.paint),
    );
    return;
  }
  for (const { hostname: name, fault } of added)
    if (fault)
      emit({
        type: 'notice',
        level: 'warning',
        message: `${name} was not added: ${fault.message}`,
        hint: fault.hint,
      });
  const results = await runBatch(session, maas, commissionJob({}, session), machines, flags);
  if (!results) return;
  endBatch(session, 'add', results, { added: added.map(addedJson) });
  if (!ok) session.exitCode = EXIT.maas;
}

async function oneMachine(hostname: string, flags: AddFlags, env: NodeJS.ProcessEnv): Promise<NewMachine> {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(hostname))
    throw new Fault('USAGE', `"${hostname}" is not a host name`, {
      hint: 'Use lower-case letters, digits and dashes, without a domain.',
    });
  const macs = (flags.mac ?? []).map((mac) => {
    if (MAC.test(mac)) return plainMac(mac);
    throw new Fault('USAGE', `"${mac}" is not a MAC address`, { hint: 'For example 48:b0:2d:00:00:01.' });
  });
  const power = await powerOf(flags, env);
  if (macs.length === 0 && !knownByBmc(power?.type))
    throw new Fault('USAGE', 'A machine needs --mac: MAAS recognises it by this address when it boots', {
      hint: 'Only a machine with --power-type ipmi is recognised by its BMC and needs none.',
    });
  if (power && power.type === undefined)
    throw new Fault('USAGE', 'Power parameters need --power-type', {
      hint: '--power-type ipmi, redfish, manual, …',
    });
  const { description, domain, pool, zone, architecture } = flags;
  return {
    hostname,
    macs,
    architecture: architectureOf(architecture, macs),
    power: power as NewMachine['power'],
    ...(description ? { description } : {}),
    ...(domain ? { domain } : {}),
    ...(pool ? { pool } : {}),
    ...(zone ? { zone } : {}),
    tags: (flags.tag ?? []).map(checkTagName),
  };
}

/** For one machine of the command line. */
function unknownPlace(problems: readonly PlacementProblem[]): Fault {
  const [first, ...others] = problems as [PlacementProblem, ...PlacementProblem[]];
  return new Fault(
    'USAGE',
    `${first.message}${first.suggestion ? `. Did you mean "${first.suggestion}"?` : ''}`,
    {
      hint: `Accepted: ${first.accepts}.`,
      ...(others.length > 0 ? { detail: others.map(({ message }) => message).join('\n') } : {}),
    },
  );
}

/** @throws Fault POWER_INVALID with everything that is wrong */
export function throwProblems(problems: readonly PowerProblem[]): void {
  const [first, ...others] = problems.map(
    ({ message, suggestion }) => `${message}${suggestion ? `. Did you mean "${suggestion}"?` : ''}`,
  );
  if (first === undefined) return;
  const accepts = problems[0]?.accepts;
  throw new Fault('POWER_INVALID', first, {
    ...(accepts ? { hint: `Accepted: ${accepts}.` } : {}),
    ...(others.length ? { detail: others.join('\n') } : {}),
  });
}

function addedJson({ hostname, outcome, machine, set, differs, fault }: Added): object {
  return {
    hostname,
    outcome,
    ...(set.length > 0 ? { set } : {}),
    ...(differs.length > 0 ? { differs } : {}),
    ...(machine ? { systemId: machine.systemId, status: machine.status } : {}),
    ...(fault ? { error: fault.toJSON() } : {}),
  };
}

const WORDS = {
  added: 'added',
  already: 'already exists',
  completed: 'completed',
  refused: 'refused',
  failed: 'failed',
};

function addedTable(added: readonly Added[], paint: Paint): string {
  const rows = added.map(({ hostname, outcome, machine, set, differs, fault }) => [
    hostname,
    WORDS[outcome],
    machine?.systemId ?? '-',
    [
      ...(set.length > 0 ? [`set: ${set.join(', ')}`] : []),
      ...differs,
      ...(fault ? [inFull(fault)] : []),
    ].join('; '),
  ]);
  return columns(['NAME', 'RESULT', 'ID', { head: 'WHY', wrap: true }], rows, paint);
}

/** With MAAS' own words on each field, where it said some. */
function inFull({ message, detail, hint }: Fault): string {
  const more =
    detail?.split('\n').filter((line) => line.trim() !== '' && !message.includes(line.trim())) ?? [];
  return [message, ...more].join(' / ') + (hint ? ` (${hint})` : '');
}
