import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { shellWord } from '../host/process/shell-word.ts';
import { $ } from '../host/process/tool.ts';
import { atLeast, declaresPlugins, PLUGIN_MINIMUM } from '../install/render/packer-version.ts';
import { type PackerHost, packerEnv, pluginFolders, takesOnePluginFolder } from '../install/vm/packer-env.ts';
import type { Finding } from './finding.ts';

const SOURCE = 'github.com/hashicorp/qemu';
const ARCHITECTURE: Record<string, string> = { x64: 'amd64', ia32: '386' };
const SYSTEM = `linux_${ARCHITECTURE[process.arch] ?? process.arch}`;

interface Plugin {
  path: string;
  version: string;
  /** Why Packer passes over it. */
  problem?: string;
}

/**
 * The qemu plugin of Packer 1.7 and newer, asked of Packer itself in the environment that a build will have; 1.6 has it
 * inside, so nothing is found out about that one.
 */
export async function examineQemuPlugin(host: PackerHost, signal?: AbortSignal): Promise<Finding[]> {
  if (!declaresPlugins(host.version)) return [];
  const finding = {
    tool: 'packer-plugin-qemu',
    neededFor: `build with Packer ${host.version}`,
    package: null,
  };
  const folders = pluginFolders(host);
  if (folders.length > 1 && takesOnePluginFolder(host.version))
    return [
      {
        ...finding,
        found: 'PACKER_PLUGIN_PATH lists several folders; Packer 1.11 and newer accept one',
        status: 'unusable',
        fix: `export PACKER_PLUGIN_PATH=${shellWord(folders.at(-1)!)}`,
      },
    ];
  const plugins = await installedPlugins(folders);
  const listed = await listedByPacker(host, signal);
  for (const plugin of plugins)
    if (listed && !plugin.problem && !listed.includes(plugin.path))
      plugin.problem = 'Packer does not list it';
  const usable = plugins.find(({ problem }) => !problem);
  if (usable)
    return [{ ...finding, found: `${usable.version} in ${rootOf(usable.path)}`, status: 'ok', fix: null }];
  const fix = installCommand(host.version);
  const [other] = plugins;
  if (!other) return [{ ...finding, found: `none in ${folders.join(' or ')}`, status: 'missing', fix }];
  return [
    {
      ...finding,
      found: `${other.version} in ${rootOf(other.path)}: ${other.problem}`,
      status: atLeast(other.version, PLUGIN_MINIMUM) ? 'unusable' : 'too-old',
      fix,
    },
  ];
}

/** The folder of plugins that a plugin's file lies below. */
function rootOf(path: string): string {
  return dirname(path).slice(0, -SOURCE.length - 1);
}

/** `plugins` came with 1.8; 1.7 installs what the template of a build declares. */
function installCommand(version: string): string {
  return atLeast(version, '1.8.0')
    ? `packer plugins install ${SOURCE}`
    : 'packer init .dgxos-maas/IMAGE/render/packer (the folder that `dgxos-maas render` writes)';
}

/** Every qemu plugin that is there, the newest first, with the reason why Packer passes over it. */
async function installedPlugins(folders: readonly string[]): Promise<Plugin[]> {
  const plugins: Plugin[] = [];
  for (const folder of folders) {
    const dir = join(folder, SOURCE);
    for (const name of await readdir(dir).catch((): string[] => [])) {
      // packer-plugin-qemu_v1.1.3_x5.0_linux_amd64
      const match = /^packer-plugin-qemu_v(\d+\.\d+\.\d+)[^_]*_x\d+\.\d+_(.+)(?<!_SHA256SUM)$/.exec(name);
      if (!match) continue;
      const path = join(dir, name);
      plugins.push({ path, version: match[1]!, problem: await problemOf(path, match[1]!, match[2]!) });
    }
  }
  return plugins.sort((a, b) => (a.version === b.version ? 0 : atLeast(a.version, b.version) ? -1 : 1));
}

async function problemOf(path: string, version: string, system: string): Promise<string | undefined> {
  if (system !== SYSTEM) return `it is for ${system}, and this host is ${SYSTEM}`;
  if (!atLeast(version, PLUGIN_MINIMUM))
    return `${PLUGIN_MINIMUM} or newer is needed (1.1.2 does not wait for a VM without communicator to shut down)`;
  const wanted = await readFile(`${path}_SHA256SUM`, 'utf8').catch(() => undefined);
  if (wanted === undefined) return `Packer ignores a plugin without its _SHA256SUM file`;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  if (!wanted.startsWith(hash.digest('hex'))) return 'its _SHA256SUM file belongs to another plugin';
  return undefined;
}

/** The plugins that Packer finds in the environment of a build; undefined for 1.7, which has no command for that. */
async function listedByPacker(host: PackerHost, signal?: AbortSignal): Promise<string[] | undefined> {
  if (!atLeast(host.version, '1.8.0')) return undefined;
  const dir = await mkdtemp(join(tmpdir(), 'dgxos-maas-doctor-'));
  try {
    const env = packerEnv(dir, host);
    await mkdir(env.TMPDIR!);
    const { stdout } = await $({ env, signal, timeoutMs: 30_000, nothrow: true })`packer plugins installed`;
    return stdout.split('\n').map((line) => line.trim());
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
