import { lstatSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from '../pipeline/host/process/tool.ts';

/** Of a line of dpkg-query; the name is that of its list of files. */
const FORMAT = '$' + '{Installed-Size} $' + '{binary:Package}\\n';
const LISTS = '/var/lib/dpkg/info';

/**
 * Other versions of this host's packages in a root: their files get other contents, new times and new inodes, as dpkg does it, so that
 * their folders change too.
 * @param most bytes of the files of one package
 * @param enough bytes of all files, after which no more packages are taken
 * @returns what was changed
 */
export async function packagesIn(
  root: string,
  { most, enough }: { most: number; enough: number },
): Promise<{ packages: string[]; files: string[]; bytes: number }> {
  const found = { packages: [] as string[], files: [] as string[], bytes: 0 };
  const { stdout } = await $({ keep: 10e6 })`dpkg-query -W -f ${FORMAT}`;
  const candidates = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ') as [string, string]);
  // The largest first: a version of a small package changes nothing that would be measured.
  const bySize = candidates.filter(([kib]) => Number(kib) * 1024 < 4 * most);
  for (const [, name] of bySize.sort(([a], [b]) => Number(b) - Number(a))) {
    const listed = readFileSync(join(LISTS, `${name}.list`), 'utf8')
      .split('\n')
      .filter(Boolean);
    const files = listed.map((path) => join(root, 'opt/fill', path)).filter(isFile);
    const own = files.length > 0 ? files : listed.map((path) => join(root, path)).filter(isFile);
    const bytes = own.reduce((sum, path) => sum + lstatSync(path).size, 0);
    if (bytes > most || bytes < most / 8) continue;
    found.packages.push(name);
    found.files.push(...own);
    found.bytes += bytes;
    if (found.bytes >= enough) break;
  }
  return found;
}

export function change(files: readonly string[]): void {
  for (const path of files) {
    const bytes = readFileSync(path);
    if (bytes.length > 0) bytes[0]! ^= 1;
    writeFileSync(`${path}.dpkg-new`, Buffer.concat([bytes, Buffer.from('changed')]));
    renameSync(`${path}.dpkg-new`, path);
  }
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
