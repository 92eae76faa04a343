import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { Fault } from '../errors/fault.ts';

/** Keeps a second server out of a folder; a lock left by a killed one is taken over after two seconds. */
export async function lockFolder(dir: string): Promise<() => Promise<void>> {
  try {
    return await lock(dir, {
      lockfilePath: join(dir, 'lock'),
      stale: 2000,
      update: 1000,
      retries: { retries: 6, minTimeout: 500, maxTimeout: 500 },
      // The folder was deleted under us, or the host slept: the server can go on.
      onCompromised: () => undefined,
    });
  } catch (error) {
    throw new Fault('WORKSPACE_LOCKED', `Another sandbox is running on ${dir}`, {
      hint: 'Stop it, or give another folder by --dir.',
      cause: error,
    });
  }
}
