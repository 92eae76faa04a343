import { loadConfig } from '../../config/load.ts';
import { maasUrl } from '../../config/maas-url.ts';
import type { TargetConfig } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { createClient, type MaasClient } from '../api/client.ts';
import { givenKey, resolveApiKey } from '../api/key.ts';
import { type ChosenTarget, chooseTargets } from '../images/choose-targets.ts';
import type { GroupVars } from './group-vars.ts';

export interface SiteTargetOptions {
  to?: string;
  url?: string;
  maasProfile?: string;
  apiKeyFile?: string;
}

interface Session {
  env: NodeJS.ProcessEnv;
  configFile: string | undefined;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * The MAAS that a site command is for: that of --to, --url or --maas-profile, the only one of the configuration or of MAAS_API_URL, else DeepOps'
 * maas_region_controller_url.
 * @throws Fault TARGET_UNKNOWN, USAGE, API_KEY_MISSING, API_KEY_INVALID, CONFIG_INVALID
 */
export async function siteClient(
  options: SiteTargetOptions,
  vars: GroupVars | null,
  session: Session,
): Promise<MaasClient> {
  const { target, key } = await chosen(options, vars, session);
  const { emit, signal } = session;
  return createClient({ url: target.url, key, caCert: target.caCert, emit, signal });
}

async function chosen(
  options: SiteTargetOptions,
  vars: GroupVars | null,
  session: Session,
): Promise<ChosenTarget> {
  const { env, configFile, emit } = session;
  const { to, url, maasProfile, apiKeyFile } = options;
  const named = [to, url, maasProfile].some((one) => one !== undefined);
  const { config } = await loadConfig({ file: configFile, env, cwd: process.cwd() });
  if (!named && Object.keys(config.targets).length === 0 && vars?.regionControllerUrl) {
    const target = targetOf(vars.file, vars.regionControllerUrl, env);
    const key =
      apiKeyFile === undefined ? await resolveApiKey(target, env, emit) : await givenKey(apiKeyFile, session);
    return { target, key };
  }
  const [one] = await chooseTargets(
    {
      ...(to === undefined ? {} : { to: [to] }),
      ...(url === undefined ? {} : { url }),
      ...(maasProfile === undefined ? {} : { maasProfile }),
      ...(apiKeyFile === undefined ? {} : { apiKeyFile }),
    },
    session,
  );
  return one as ChosenTarget;
}

function targetOf(file: string, text: string, env: NodeJS.ProcessEnv): TargetConfig {
  let url: string;
  try {
    url = maasUrl(text);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault('CONFIG_INVALID', `${file}: maas_region_controller_url: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
  return {
    name: 'maas_region_controller_url',
    url,
    key: { from: 'environment', variable: 'MAAS_API_KEY' },
    caCert: env.MAAS_API_CACERT || null,
    patienceS: 60,
  };
}
