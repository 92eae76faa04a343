import { fileInForce } from '../../config/find.ts';
import { loadConfig } from '../../config/load.ts';
import type { AnySetting } from '../../config/setting.ts';
import type { Config } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import { type Connection, connect } from '../../queue/connection.ts';
import { originOf } from '../../queue/origin.ts';
import type { Origin } from '../../queue/unit.ts';
import type { Session } from '../session.ts';
import { overridesOf } from '../setting-options.ts';

/** The configuration with the options of a command of the queue, its file and its identity. */
export async function queueConfig(
  session: Session,
  options: object,
  rows: readonly AnySetting[],
): Promise<{ config: Config; file: string | null; origin: Origin }> {
  const where = { file: session.configFile, env: session.env, cwd: process.cwd() };
  const { config, warnings } = await loadConfig({ ...where, overrides: overridesOf(options, rows) });
  for (const message of warnings) session.emit({ type: 'notice', level: 'warning', message });
  const file = fileInForce(where);
  return { config, file, origin: await originOf(file) };
}

/** The queue of a configuration. @throws Fault of `connect` */
export function openQueue(session: Session, config: Config): Promise<Connection> {
  return connect(config.queue, session);
}

/** @throws Fault CONFIG_INVALID where results cannot be handed from one host to another */
export function assertStore({ store }: Config, puts: boolean): void {
  if (store.place === null)
    throw new Fault('CONFIG_INVALID', 'A queue needs a store: workers hand over their results there', {
      hint: 'Set `store:` in dgxos-maas.yaml, or DGXOS_MAAS_STORE; see docs/store.md.',
    });
  if (puts && store.readOnly)
    throw new Fault('CONFIG_INVALID', 'A worker needs a store that it may write: `store.read_only` is set', {
      hint: 'Remove `store.read_only` from the configuration of workers.',
    });
}
