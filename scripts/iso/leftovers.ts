import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { alive } from '../../pipeline/host/process/alive.ts';

/** Names of unfinished files and directories carry the process that makes them. */
const UNFINISHED = /(?:^work-|\.)(\d+)(?:\.partial|-)/;

/** Removes what killed runs have left in the directories; what a living process makes is left alone. */
export async function removeLeftovers(dirs: string[]): Promise<void> {
  for (const dir of dirs)
    for (const name of await readdir(dir)) {
      const pid = name.match(UNFINISHED)?.[1];
      if (pid && !alive(Number(pid))) await rm(join(dir, name), { recursive: true, force: true });
    }
}
