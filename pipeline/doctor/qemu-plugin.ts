import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { declaresPlugins } from '../render/packer-version.ts';
import type { Finding } from './finding.ts';

const SOURCE = 'github.com/hashicorp/qemu';

/** Where this Packer looks for plugins: PACKER_PLUGIN_PATH is one folder and then the only one. */
function folders(env: NodeJS.ProcessEnv): string[] {
  if (env.PACKER_PLUGIN_PATH) return [env.PACKER_PLUGIN_PATH];
  const home = env.HOME || homedir();
  return [
    join(env.XDG_CONFIG_HOME || join(home, '.config'), 'packer/plugins'),
    join(home, '.packer.d/plugins'),
  ];
}

/** The qemu plugin of Packer 1.7 and newer; 1.6 has it inside, so nothing is found out about that one. */
export async function examineQemuPlugin(packerVersion: string, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  if (!declaresPlugins(packerVersion)) return [];
  const finding = {
    tool: 'packer-plugin-qemu',
    neededFor: `build with Packer ${packerVersion}`,
    package: null,
  };
  for (const folder of folders(env)) {
    const files = await readdir(join(folder, SOURCE)).catch((): string[] => []);
    // With its checksum beside it; Packer passes over a plugin without.
    const plugin = files.find(
      (file) => /^packer-plugin-qemu_v.*(?<!_SHA256SUM)$/.test(file) && files.includes(`${file}_SHA256SUM`),
    );
    const version = plugin && /_v(\d+\.\d+\.\d+)/.exec(plugin)?.[1];
    if (version) return [{ ...finding, found: `${version} in ${folder}`, status: 'ok', fix: null }];
  }
  return [{ ...finding, found: null, status: 'missing', fix: `packer plugins install ${SOURCE}` }];
}
