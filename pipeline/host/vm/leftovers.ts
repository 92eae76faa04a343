import { readdir, readFile, readlink } from 'node:fs/promises';

/**
 * Ends what an earlier run left running in a build directory: only possible when both it and its guard were killed.
 * Recognised by the working directory or an argument under `dir`, never by name alone.
 * @returns how many processes were ended
 */
export async function endLeftovers(dir: string): Promise<number> {
  let ended = 0;
  for (const entry of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const argv = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    const program = argv.split('\0', 1)[0] ?? '';
    if (!/(^|\/)(packer|qemu-system-\w+)$/.test(program)) continue;
    const cwd = (await readlink(`/proc/${entry}/cwd`).catch(() => '')).replace(/ \(deleted\)$/, '');
    if (cwd !== dir && !argv.includes(`${dir}/`)) continue;
    try {
      process.kill(Number(entry), 'SIGKILL');
      ended++;
    } catch {
      // it has just ended by itself
    }
  }
  return ended;
}
