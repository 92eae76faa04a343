import { readdir, readFile } from 'node:fs/promises';

/** Processes of an installation: those whose command line or root folder lies in a folder. */
export async function installing(dir: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const argv = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const mounts = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    if (/^(unshare|bash)\0.*(build|inside)\.sh/.test(argv) && (argv.includes(dir) || mounts.includes(dir)))
      found.push(argv.replaceAll('\0', ' '));
  }
  return found;
}

/** Waits until nothing of an installation runs any more. */
export async function ended(dir: string): Promise<string[]> {
  let left = await installing(dir);
  for (let i = 0; i < 100 && left.length > 0; i++) {
    await new Promise((r) => setTimeout(r, 200));
    left = await installing(dir);
  }
  return left;
}

export const mountsBelow = async (dir: string) =>
  (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(dir));
