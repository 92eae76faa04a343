import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Dirent, existsSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The files that this host got from packages: no accounts, keys or logs. */
const TREES = ['usr/bin', 'usr/sbin', 'usr/lib', 'usr/libexec', 'usr/share', 'usr/include', 'var/lib/dpkg'];

/**
 * Paths below / of real files, sorted, as many as come to some bytes, or all there are.
 * @returns bytes: what the files have together
 */
export async function realFiles(most: number): Promise<{ paths: string[]; bytes: number }> {
  const paths: string[] = [];
  let bytes = 0;
  const walk = async (path: string): Promise<void> => {
    if (bytes >= most) return;
    paths.push(path);
    const byName = (a: Dirent, b: Dirent) => (a.name < b.name ? -1 : 1);
    for (const entry of (await readdir(join('/', path), { withFileTypes: true })).sort(byName)) {
      if (bytes >= most) return;
      const child = `${path}/${entry.name}`;
      if (entry.isDirectory()) await walk(child);
      else if (entry.isFile() || entry.isSymbolicLink()) {
        paths.push(child);
        bytes += (await lstat(join('/', child))).size;
      }
    }
  };
  for (const tree of TREES) if (existsSync(join('/', tree))) await walk(tree);
  return { paths, bytes };
}

/** Appends files of this host to a tar, or makes it. @param prefix folder in the tar, with its "/"; '' is its top */
export async function appendFiles(tar: string, paths: readonly string[], prefix: string): Promise<void> {
  const argv = [
    existsSync(tar) ? '-rf' : '-cf',
    tar,
    '--format=gnu',
    '--numeric-owner',
    '--no-recursion',
    '--null',
    // A link's target is a name in the tar only where it is a hard link's.
    `--transform=flags=rh;s,^,./${prefix},`,
    '-C',
    '/',
    '-T',
    '-',
  ];
  const child = spawn('tar', argv, { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(paths.join('\0'));
  const [exitCode] = await once(child, 'close');
  // 1: a file changed while it was read, which a benchmark can bear.
  if (exitCode > 1) throw new Error(`tar ended with exit code ${exitCode}`);
}
