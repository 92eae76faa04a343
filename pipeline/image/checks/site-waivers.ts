import { loadConfig } from '../../config/load.ts';
import { readWaivers, type Waiver } from './waivers.ts';

/**
 * The waivers of a file, or those that the configuration here names.
 * @throws Fault CONFIG_*, with file, line and column
 */
export async function siteWaivers(
  file: string | undefined,
  { env, configFile }: { env: NodeJS.ProcessEnv; configFile: string | undefined },
): Promise<Waiver[]> {
  if (file !== undefined) return readWaivers(file);
  const { config } = await loadConfig({ file: configFile, env, cwd: process.cwd() });
  return config.waivers === null ? [] : readWaivers(config.waivers);
}
