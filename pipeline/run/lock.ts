import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { Fault, fromSystemError } from '../errors/fault.ts';
import { interrupted } from '../errors/interrupted.ts';
import type { Emit } from '../events/event.ts';
import { alive } from '../process/alive.ts';

interface Holder {
  pid: number;
  host: string;
  since: string;
  doing: string;
}

export interface LockOptions {
  /** What the holder is doing, for those who wait. */
  doing: string;
  /** Wait for the other run to end, or fail at once with WORKSPACE_LOCKED. */
  wait: boolean;
  emit: Emit;
  signal: AbortSignal;
}

// proper-lockfile's own bounds; a dead holder on this host is recognised much sooner by its pid.
const STALE_MS = 15_000;
const STALE_WHEN_DEAD_MS = 2_000;

/**
 * Takes the one lock of a workspace; whoever dies with it loses it within seconds.
 * @returns a function that releases it
 * @throws Fault WORKSPACE_LOCKED when `wait` is false and another run holds it
 */
export async function lockWorkspace(workspace: string, options: LockOptions): Promise<() => Promise<void>> {
  const holderFile = join(workspace, 'holder.json');
  try {
    await mkdir(workspace, { recursive: true });
  } catch (error) {
    throw fromSystemError(error, `making the workspace ${workspace}`);
  }
  let told = false;
  for (;;) {
    const holder = await readHolder(holderFile);
    const dead = holder !== undefined && holder.host === hostname() && !alive(holder.pid);
    try {
      const release = await lockfile.lock(workspace, {
        lockfilePath: join(workspace, 'lock'),
        stale: dead ? STALE_WHEN_DEAD_MS : STALE_MS,
        update: 1_000,
        // A stopped process (a laptop asleep) finds its lock taken over: the new holder is right.
        onCompromised: () => process.kill(process.pid, 'SIGTERM'),
      });
      const mine: Holder = {
        pid: process.pid,
        host: hostname(),
        since: new Date().toISOString(),
        doing: options.doing,
      };
      await writeFile(holderFile, JSON.stringify(mine));
      return async () => {
        await rm(holderFile, { force: true });
        await release().catch(() => {});
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED')
        throw fromSystemError(error, `locking ${workspace}`);
    }
    const who = holder
      ? `process ${holder.pid} on ${holder.host} (${holder.doing}, since ${holder.since})`
      : 'another run';
    if (!dead && !options.wait)
      throw new Fault('WORKSPACE_LOCKED', `The workspace ${workspace} is in use by ${who}`, {
        hint: 'Wait for it, leave out --no-wait, or give this run a workspace of its own (DGXOS_MAAS_WORKSPACE).',
      });
    if (!dead && !told) {
      options.emit({ type: 'notice', level: 'info', message: `waiting for ${who}` });
      told = true;
    }
    await sleep(300);
    if (options.signal.aborted) throw interrupted(options.signal);
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
