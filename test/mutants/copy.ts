import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { $ } from 'zx';

export const ROOT = join(import.meta.dirname, '../..');
/** Folders of a working copy that no test reads. */
const LEFT_OUT = new Set(['.git', 'node_modules', 'dist', 'coverage', '.built']);

/** A copy of the working tree in a temporary folder, in which files may be changed. */
export async function copyOfTree(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'dgxos-maas-mutants-'));
  cpSync(ROOT, dir, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !LEFT_OUT.has(relative(ROOT, path)),
  });
  // Links cost nothing, but only within one file system.
  const linked = await $({ nothrow: true, quiet: true })`cp -al ${ROOT}/node_modules ${dir}/`;
  if (linked.exitCode !== 0) {
    rmSync(join(dir, 'node_modules'), { recursive: true, force: true });
    await $({ quiet: true })`cp -a ${ROOT}/node_modules ${dir}/`;
  }
  // Files that vitest and vite write there would change the working copy's own.
  for (const cache of ['.vite', '.vitest', '.cache'])
    rmSync(join(dir, 'node_modules', cache), { recursive: true, force: true });
  return dir;
}
