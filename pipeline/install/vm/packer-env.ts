import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { buildFiles } from '../../workspace/layout.ts';
import { atLeast, declaresPlugins } from '../render/packer-version.ts';

/** The host of Packer: its version, and the user's environment and folder, by which it finds plugins. */
export interface PackerHost {
  version: string;
  env: NodeJS.ProcessEnv;
  cwd?: string;
}

/** Whether PACKER_PLUGIN_PATH is one folder (packer/plugin_folders.go, v1.11.0) or a list. */
export function takesOnePluginFolder(version: string): boolean {
  return atLeast(version, '1.11.0');
}

/**
 * The folders in which this Packer looks for installed plugins when the user calls it, in its order: up to 1.9.1 those of
 * PACKER_PLUGIN_PATH come after the default one, from 1.9.2 on they replace it (packer/plugin_folders.go of v1.7.0,
 * v1.9.1, v1.9.2 and v1.11.0). `packer plugins install` and `packer init` put a plugin into the last one.
 */
export function pluginFolders({ version, env, cwd = process.cwd() }: PackerHost): string[] {
  const named = (env.PACKER_PLUGIN_PATH || '').split(delimiter).filter(Boolean);
  const own = named.length > 0 && atLeast(version, '1.9.2') ? [] : [join(configDir(version, env), 'plugins')];
  return [...own, ...named].map((folder) => resolve(cwd, folder));
}

/** Packer's own folder (pathing/config_file_unix.go of packer-plugin-sdk: v0.0.14 in 1.7.0, since v0.2.5 in 1.7.5). */
function configDir(version: string, env: NodeJS.ProcessEnv): string {
  if (env.PACKER_CONFIG_DIR) return join(env.PACKER_CONFIG_DIR, '.packer.d');
  const home = env.HOME || homedir();
  const old = join(home, '.packer.d');
  if (!atLeast(version, '1.7.5') || existsSync(old)) return old;
  return join(env.XDG_CONFIG_HOME || join(home, '.config'), 'packer');
}

/**
 * The environment of every Packer call of a build: caches, configuration and temporary files stay inside `dir`, and the
 * user's plugins are named, since PACKER_CONFIG_DIR alone would hide them.
 */
export function packerEnv(dir: string, host: PackerHost): Record<string, string> {
  const { scratch } = buildFiles(dir);
  // 1.6 has the qemu builder inside; a plugin of the default folder could only replace it.
  const plugins = declaresPlugins(host.version)
    ? pluginFolders(host).join(delimiter)
    : host.env.PACKER_PLUGIN_PATH;
  return {
    CHECKPOINT_DISABLE: '1',
    PACKER_CACHE_DIR: scratch.cache,
    PACKER_CONFIG_DIR: scratch.config,
    TMPDIR: scratch.tmp,
    ...(plugins ? { PACKER_PLUGIN_PATH: plugins } : {}),
  };
}
