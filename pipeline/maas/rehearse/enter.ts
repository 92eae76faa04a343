import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../core/faults/fault.ts';
import { Remote } from '../../host/ssh/remote.ts';
import { waitForSsh } from '../../host/ssh/wait.ts';
import { rehearsalFiles } from '../../workspace/layout.ts';
import { BootFailed, type Booting } from './boot.ts';
import type { MachineRequest } from './machine.ts';
import type { RehearseRequest } from './types.ts';

/** Seconds for which a refused key is not the last word: cloud-init has ended. */
const KEYS_WITHIN_S = 30;
/** Seconds for which a failed sshd may start again by itself: systemd tries it five times in ten seconds. */
const FAILED_FOR_S = 30;
const LOOK_MS = 500;
const DEFAULT_USER = 'ubuntu';
const CONSOLE_MS = 600;

export interface EnterOptions {
  machine: Pick<MachineRequest, 'folder'>;
  request: Pick<RehearseRequest, 'user' | 'emit'>;
  afterPowerCut: boolean;
  env: NodeJS.ProcessEnv;
  pollMs?: number | undefined;
  timeoutS: number;
  /** Seconds; for tests. */
  failedForS?: number;
}

/**
 * Waits until the installed system lets in the user by the key of the metadata. sshd that has failed on the console is not awaited to the end.
 * @param timeoutS seconds
 * @throws BootFailed
 */
export async function enter(
  booting: Booting,
  { machine, request, env, pollMs, timeoutS, afterPowerCut, failedForS = FAILED_FOR_S }: EnterOptions,
): Promise<Remote> {
  const files = rehearsalFiles(machine.folder);
  const { sshPort } = await booting.running();
  // The last words of the console are read in a moment.
  if (booting.user() === undefined) await sleep(CONSOLE_MS, undefined, { signal: booting.signal });
  const user = request.user ?? booting.user() ?? DEFAULT_USER;
  const target = { host: '127.0.0.1', port: sshPort, user, keyFile: files.sshKey, bastion: null };
  // The agent's keys are of no use for it.
  const { SSH_AUTH_SOCK: _, ...rest } = env;
  const remote = await Remote.prepare(target, files.ssh, {
    bastionKnownHosts: join(files.ssh, 'bastion'),
    env: rest,
  });
  const hopeless = new AbortController();
  const signal = AbortSignal.any([booting.signal, hopeless.signal]);
  const looking = setInterval(() => {
    if (booting.sshd.failedFor(failedForS)) hopeless.abort();
  }, LOOK_MS);
  try {
    const waiting = { timeoutS, keysWithinS: KEYS_WITHIN_S, emit: request.emit, signal };
    await waitForSsh(remote, { ...waiting, ...(pollMs === undefined ? {} : { pollMs }) });
    return remote;
  } catch (error) {
    if (booting.signal.aborted) throw error;
    if (hopeless.signal.aborted)
      throw new BootFailed({
        said: 'ssh.service has failed, and sshd does not answer',
        ...booting.sshd.trouble(afterPowerCut),
      });
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'SSH_DENIED')
      throw new BootFailed({
        said: `ssh takes no key of user ${user}`,
        cause: 'cloud-init has not given the keys of MAAS to this user, or sshd refuses it',
        remedy:
          'Check system_info.default_user in /etc/cloud/cloud.cfg of the image and acceptance.ssh.user, and `sshd` of validate.',
      });
    if (error.code !== 'SSH_UNREACHABLE') throw error;
    throw new BootFailed({
      said: `sshd has not answered within ${timeoutS} s`,
      ...booting.sshd.trouble(afterPowerCut),
    });
  } finally {
    clearInterval(looking);
  }
}
