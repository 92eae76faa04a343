import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
/** Everything that goes on the medium. */
export const DEMO = join(PROJECT, 'packer', 'demo');
/** The part of the medium with subiquity's interface that takes its place. */
export const DEMO_SUBIQUITY = join(PROJECT, 'packer', 'demo-subiquity');

export interface PackageLists {
  suite: string;
  kernel: string;
  live: string[];
  root: string[];
  repository: string[];
}

export async function packageLists(): Promise<PackageLists> {
  return JSON.parse(await readFile(join(DEMO, 'packages.json'), 'utf8'));
}

/** Files under the given files and directories, sorted, with the digest of names, executable bits and contents. */
export async function digest(paths: string[], ...further: unknown[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(further));
  for (const path of paths) {
    for (const file of await filesUnder(path)) {
      const executable = ((await stat(file)).mode & 0o100) !== 0;
      hash.update(`\0${relative(PROJECT, file)}\0${executable}\0`).update(await readFile(file));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesUnder(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
