import { readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fromSystemError } from '../../core/faults/fault.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { renderFolders } from '../../workspace/layout.ts';
import { copyServed, type ServedFile, sha256Of } from './files.ts';
import { drivePath } from './hcl.ts';
import { declaresPlugins, PLUGIN_MINIMUM } from './packer-version.ts';
import { renderTemplate } from './templates.ts';
import type { Rendered } from './types.ts';

/** A file by its name. */
export type Named = [name: string, text: string];

export interface WriteRequest extends Pick<Rendered, 'installTimeoutS' | 'settings' | 'layer'> {
  /** Emptied first. */
  dir: string;
  /** Files for Packer, by name. */
  packer: Named[];
  /** Of the installer. */
  configs: Named[];
  files: ServedFile[];
}

/**
 * Writes what was rendered into its two folders.
 * @throws Fault CONFIG_INVALID for a folder whose name QEMU would misread; DISK_FULL, NO_PERMISSION
 */
export async function writeRendered(request: WriteRequest): Promise<Rendered> {
  const { dir, packer, configs, files, ...rest } = request;
  drivePath(dir, 'The path of the workspace');
  const { packer: packerDir, http: httpDir } = renderFolders(dir);
  try {
    await rm(dir, { recursive: true, force: true });
    // Late commands and files for the image may hold passwords.
    await makeFolders(packerDir, 0o700);
    await makeFolders(httpDir, 0o700);
    for (const [name, text] of packer) {
      await makeFolders(dirname(join(packerDir, name)), 0o700);
      await writeFile(join(packerDir, name), text, { mode: name.endsWith('.hcl') ? 0o644 : 0o755 });
    }
    for (const [name, text] of configs) await writeFile(join(httpDir, name), text, { mode: 0o600 });
    await copyServed(files, httpDir);
  } catch (error) {
    throw fromSystemError(error, `rendering into ${dir}`);
  }
  return { ...rest, packerDir, httpDir, files: await written(dir) };
}

/** The files that a Packer of this version needs beside the source. */
export async function pluginFiles(packerVersion: string | null): Promise<Named[]> {
  if (packerVersion === null || !declaresPlugins(packerVersion)) return [];
  return [['plugins.pkr.hcl', await renderTemplate('hcl/plugins.pkr.hcl.eta', { minimum: PLUGIN_MINIMUM })]];
}

async function written(dir: string): Promise<Rendered['files']> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (path) => ({ path: relative(dir, path), sha256: await sha256Of(path) })),
  );
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
