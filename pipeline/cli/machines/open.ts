import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/types.ts';
import { createClient, type MaasClient } from '../../maas/client.ts';
import { chooseTargets } from '../../upload/choose-targets.ts';
import type { Session } from '../session.ts';

export interface TargetFlags {
  to?: string;
  apiKeyFile?: string;
}

/** MAAS takes its time for a list of a thousand machines with all their disks and interfaces. */
const ANSWER_MS = 300_000;

/** The one MAAS that is meant, and the configuration. */
export async function openMaas(
  session: Session,
  { to, apiKeyFile }: TargetFlags,
): Promise<{ client: MaasClient; config: Config; target: string }> {
  const { env, emit, signal, configFile } = session;
  const options = { ...(to ? { to: [to] } : {}), ...(apiKeyFile === undefined ? {} : { apiKeyFile }) };
  const [chosen] = await chooseTargets(options, session);
  const { target, key } = chosen!;
  const { config } = await loadConfig({ file: configFile, env, cwd: process.cwd() });
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
