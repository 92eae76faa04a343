import pLimit from 'p-limit';
import { EXIT } from '../../core/faults/catalogue.ts';
import { Fault } from '../../core/faults/fault.ts';
import { columns } from '../../core/text/columns.ts';
import { bmcConflictChecker } from '../../maas/machines/bmc-owner.ts';
import { succeeded } from '../../maas/machines/job.ts';
import { parseMachine } from '../../maas/machines/parse-machine.ts';
import { type PowerOptions, powerJob } from '../../maas/machines/power-job.ts';
import { powerForm, powerProblems } from '../../maas/machines/power-parameters.ts';
import { readPowerTypes } from '../../maas/machines/power-types.ts';
import { queryPower } from '../../maas/machines/query-power.ts';
import { REQUESTS_AT_ONCE } from '../../maas/machines/run-job.ts';
import type { Machine } from '../../maas/machines/types.ts';
import type { Session } from '../session.ts';
import { throwProblems } from './add.ts';
import { emptyBatch, endBatch, runBatch } from './batch.ts';
import type { Flags } from './batches.ts';
import { openMaas } from './open.ts';
import { type PowerFlags, powerOf } from './power-flags.ts';
import { nothingSelected, selectMachines } from './select.ts';

/** Seconds until a BMC has carried out a request, where no option says so. */
const POWER_S = 300;

export async function powerOnOff(
  session: Session,
  want: 'on' | 'off',
  names: string[],
  flags: Flags & PowerOptions,
): Promise<void> {
  const maas = await openMaas(session, flags);
  const machines = await selectMachines(maas.client, names, flags);
  if (machines.length === 0) return nothingSelected(session, emptyBatch(`power ${want}`, flags));
  const job = powerJob(want, flags, session);
  const results = await runBatch(session, maas, job, machines, { timeout: POWER_S, ...flags });
  if (results) endBatch(session, job.name, results);
}

/** Off, then on again: MAAS has no operation for both. */
export async function powerCycle(
  session: Session,
  names: string[],
  flags: Flags & PowerOptions,
): Promise<void> {
  const maas = await openMaas(session, flags);
  const machines = await selectMachines(maas.client, names, flags);
  if (machines.length === 0) return nothingSelected(session, emptyBatch('power cycle', flags));
  const off = powerJob('off', flags, session);
  const withTime = { timeout: POWER_S, ...flags, wait: true };
  const ended = await runBatch(
    session,
    maas,
    { ...off, name: 'power cycle', what: 'turned off and on again; running work is lost' },
    machines,
    withTime,
  );
  if (!ended) return;
  const isOff = new Set(ended.filter(succeeded).map(({ systemId }) => systemId));
  const again = machines
    .filter(({ systemId }) => isOff.has(systemId))
    .map((machine): Machine => ({ ...machine, powerState: 'off' }));
  const begun = await runBatch(session, maas, powerJob('on', flags, session), again, withTime);
  const last = new Map([...ended, ...(begun ?? [])].map((result) => [result.systemId, result]));
  endBatch(session, 'power cycle', [...last.values()]);
}

export async function powerStatus(
  session: Session,
  names: string[],
  flags: Flags & { query?: boolean },
): Promise<void> {
  const { client, config } = await openMaas(session, flags);
  const machines = await selectMachines(client, names, flags);
  if (machines.length === 0) return nothingSelected(session, { machines: [] });
  const concurrency = Math.min(flags.concurrency ?? config.machines.concurrency, REQUESTS_AT_ONCE);
  const states = flags.query
    ? await queryPower(client, machines, { concurrency, signal: session.signal })
    : machines.map((machine) => ({ machine, state: machine.powerState, fault: undefined }));
  const ok = states.every(({ fault }) => !fault);
  if (!ok) session.exitCode = EXIT.maas;
  const shown = states.map(({ machine, state, fault }) => ({
    hostname: machine.hostname,
    systemId: machine.systemId,
    type: machine.powerType,
    state,
    ...(fault ? { error: fault.message } : {}),
  }));
  session.data({ ok, machines: shown }, () =>
    columns(
      ['NAME', 'POWER', 'TYPE', { head: flags.query ? 'WHY' : '', wrap: true }],
      shown.map((one) => [one.hostname, one.state, one.type || '-', one.error ?? '']),
      session.paint,
    ),
  );
}

/** Sets the power type and parameters of machines that are there. Parameters that are not given are kept. */
export async function powerSet(session: Session, names: string[], flags: Flags & PowerFlags): Promise<void> {
  const power = await powerOf(flags, session.env);
  if (!power)
    throw new Fault('USAGE', 'There is nothing to set', {
      hint: '--power-type ipmi --power power_address=10.0.0.7 --power-password-env VARIABLE',
    });
  const { client, config } = await openMaas(session, flags);
  const machines = await selectMachines(client, names, flags);
  if (machines.length === 0) return nothingSelected(session, emptyBatch('power set', flags));
  const types = await readPowerTypes(client);
  for (const machine of machines)
    throwProblems(
      powerProblems(
        types,
        { ...power, type: power.type ?? machine.powerType },
        power.type === undefined || power.type === machine.powerType,
      ),
    );
  if (flags.dryRun) {
    const shown = machines.map(({ hostname, systemId, powerType }) => ({
      hostname,
      systemId,
      from: powerType,
      to: power.type ?? powerType,
    }));
    session.data({ ok: true, action: 'power set', dryRun: true, machines: shown }, () =>
      columns(
        ['NAME', 'TYPE', 'WOULD BE'],
        shown.map(({ hostname, from, to }) => [hostname, from || '-', to]),
        session.paint,
      ),
    );
    return;
  }
  const limit = pLimit(Math.min(flags.concurrency ?? config.machines.concurrency, REQUESTS_AT_ONCE));
  const results = await Promise.all(
    machines.map((machine) =>
      limit(async () => {
        const { hostname, systemId } = machine;
        const path = `machines/${systemId}/`;
        try {
          const form = powerForm(types, { ...power, type: power.type ?? machine.powerType });
          const judge = bmcConflictChecker(client, form, types, systemId);
          const after = parseMachine(client, path, await client.update(path, form, judge));
          return { hostname, systemId, ok: true, type: after.powerType };
        } catch (error) {
          if (!(error instanceof Fault) || session.signal.aborted) throw error;
          return { hostname, systemId, ok: false, type: machine.powerType, error: error.message };
        }
      }),
    ),
  );
  const ok = results.every((one) => one.ok);
  if (!ok) session.exitCode = EXIT.maas;
  session.data({ ok, action: 'power set', machines: results }, () =>
    columns(
      ['NAME', 'RESULT', 'TYPE', { head: '', wrap: true }],
      results.map((one) => [one.hostname, one.ok ? 'set' : 'failed', one.type, one.error ?? '']),
      session.paint,
    ),
  );
}
