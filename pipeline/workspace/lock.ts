import { chmod, stat } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Emit } from '../core/events/event.ts';
import { Fault, fromSystemError } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { makeFolders } from '../host/files/folders.ts';
import { LockFolder } from '../host/process/lock-folder.ts';
import { lockFiles } from './layout.ts';

/** The variable by which a process knows that the one which started it holds the lock for it. */
export const LOCK_HOLDER = 'DGXOS_MAAS_LOCK_HOLDER';

export interface LockOptions {
  /** The activity of the holder, for those who wait. */
  doing: string;
  /** Wait for the other run to end, or fail at once with WORKSPACE_LOCKED. */
  wait: boolean;
  emit: Emit;
  signal: AbortSignal;
  /** A process of this host that holds the lock for its children too, by its number. */
  holder?: number | undefined;
}

/**
 * Takes the one lock of a workspace, which is made if it is not there; whoever dies with the lock loses it.
 * @returns a function that releases it
 * @throws Fault WORKSPACE_LOCKED when `wait` is false and another run holds it
 */
export async function lockWorkspace(workspace: string, options: LockOptions): Promise<() => Promise<void>> {
  await makePrivate(workspace);
  const files = lockFiles(workspace);
  const lock = new LockFolder(workspace, files.lock, files.holder);
  let reported = false;
  for (;;) {
    try {
      const release = await lock.attempt(options.doing, () => endLost(workspace, options.emit));
      if (release) return release;
    } catch (error) {
      throw fromSystemError(error, `locking ${workspace}`);
    }
    const { holder } = lock;
    if (holder && holder.pid === options.holder && holder.host === hostname()) return async () => {};
    const who = holder
      ? `process ${holder.pid} on ${holder.host} (${holder.doing}, since ${holder.since})`
      : 'another run';
    if (!options.wait)
      throw new Fault('WORKSPACE_LOCKED', `The workspace ${workspace} is in use by ${who}`, {
        hint: 'Wait for it, omit --no-wait, or use another workspace (DGXOS_MAAS_WORKSPACE).',
      });
    if (!reported) {
      options.emit({ type: 'notice', level: 'info', message: `waiting for ${who}` });
      reported = true;
    }
    await sleep(300);
    if (options.signal.aborted) throw interrupted(options.signal);
  }
}

/** Two runs in one workspace would write over each other: the one without the lock ends. */
function endLost(workspace: string, emit: Emit): void {
  emit({
    type: 'notice',
    level: 'warning',
    message: `Another run has taken over the workspace ${workspace}, so this one stops`,
  });
  process.kill(process.pid, 'SIGTERM');
}

/**
 * Makes a workspace for its owner alone, since configurations with passwords and whole root file systems lie in it. One that
 * is there already is closed to others, too, unless it is a folder of more than our own work.
 */
async function makePrivate(workspace: string): Promise<void> {
  try {
    await makeFolders(workspace, 0o700);
    const { mode, uid } = await stat(workspace);
    const holds = (path: string) => !relative(workspace, path).startsWith('..');
    const shared = (mode & 0o1000) !== 0 || holds(homedir()) || holds(process.cwd());
    if ((mode & 0o077) !== 0 && uid === process.getuid?.() && !shared) await chmod(workspace, 0o700);
  } catch (error) {
    throw fromSystemError(error, `creating the workspace ${workspace}`);
  }
}
