import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, fromSystemError } from '../pipeline/core/faults/fault.ts';
import { LockFolder } from '../pipeline/host/process/lock-folder.ts';

/** Half seconds for a server that is just ending. */
const TRIES = 6;

/**
 * Keeps a second server out of a folder; a lock left by a killed one is taken over.
 * @throws Fault WORKSPACE_LOCKED
 */
export async function lockFolder(dir: string): Promise<() => Promise<void>> {
  const lock = new LockFolder(dir, join(dir, 'lock'), join(dir, 'holder.json'));
  for (let left = TRIES; ; left--) {
    try {
      // When the folder is deleted under us the server can go on.
      const release = await lock.attempt('sandbox', () => {});
      if (release) return release;
    } catch (error) {
      throw fromSystemError(error, `locking ${dir}`);
    }
    if (left === 0)
      throw new Fault('WORKSPACE_LOCKED', `Another sandbox is running on ${dir}`, {
        hint: 'Stop it, or give another folder by --dir.',
      });
    await sleep(500);
  }
}
