import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/types.ts';
import { createClient, type MaasClient } from '../../maas/api/client.ts';
import { chooseTargets, type TargetOptions } from '../../maas/images/choose-targets.ts';
import type { Session } from '../session.ts';
import { shareLedgerOf } from '../share-ledger.ts';

export interface TargetFlags {
  to?: string;
  url?: string;
  maasProfile?: string;
  apiKeyFile?: string;
}

/** MAAS takes its time for a list of a thousand machines with all their disks and interfaces. */
const ANSWER_MS = 300_000;

/** The same as commands of several targets take it. */
export function targetOptions({ to, url, maasProfile, apiKeyFile }: TargetFlags): TargetOptions {
  const given = { to: to === undefined ? undefined : [to], url, maasProfile, apiKeyFile };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** The one MAAS that is meant, and the configuration. */
export async function openMaas(
  session: Session,
  flags: TargetFlags,
): Promise<{ client: MaasClient; config: Config; target: string }> {
  const { env, emit, signal, configFile } = session;
  const [chosen] = await chooseTargets(targetOptions(flags), session);
  const { target, key } = chosen!;
  const { config } = await loadConfig({ file: configFile, env, cwd: process.cwd() });
  await shareLedgerOf(config, session);
  const client = createClient({
    url: target.url,
    key,
    caCert: target.caCert,
    emit,
    signal,
    answerMs: ANSWER_MS,
  });
  return { client, config, target: target.name };
}
