import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Waits until a pid is gone, at most some seconds. */
export async function gone(pid: number, seconds = 10): Promise<boolean> {
  for (let i = 0; i < seconds * 20; i++) {
    if (!alive(pid)) return true;
    await sleep(50);
  }
  return false;
}

/** The number that a child writes into a file, as soon as its line is whole. */
export async function pidIn(file: string): Promise<number> {
  for (let i = 0; i < 400; i++) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('\n')) return Number(text);
    await sleep(50);
  }
  throw new Error(`no pid in ${file}`);
}
