import { setTimeout as sleep } from 'node:timers/promises';
import type { Emit } from '../../core/events/event.ts';
import { underWay } from '../../core/events/under-way.ts';
import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { redact } from '../../core/secrets/registry.ts';
import { sshFailureOf } from './failure.ts';
import type { Remote } from './remote.ts';

export interface WaitOptions {
  /** Seconds until it is given up. */
  timeoutS: number;
  /** Milliseconds between two tries. */
  pollMs?: number;
  /** Seconds for which a refused key is not the last word: sshd is up before cloud-init has written the keys. */
  keysWithinS?: number;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * Waits until a machine answers ssh and runs commands.
 * @returns the seconds it took
 * @throws Fault SSH_UNREACHABLE, SSH_DENIED, SSH_HOST_KEY, SSH_KEY_UNUSABLE, INTERRUPTED
 */
export function waitForSsh(remote: Remote, options: WaitOptions): Promise<number> {
  return underWay(options.emit, 'ssh', () => answered(remote, options));
}

async function answered(remote: Remote, options: WaitOptions): Promise<number> {
  const { timeoutS, pollMs = 3000, keysWithinS = 120, emit, signal } = options;
  const { host, port, user } = remote.target;
  const started = performance.now();
  const passed = () => (performance.now() - started) / 1000;
  let deniedSince: number | undefined;
  const waiting = `waiting for ssh on ${host}:${port}`;
  let shown = '';
  emit({ type: 'activity', id: 'ssh', label: waiting });
  for (;;) {
    const left = Math.max(timeoutS - passed(), 1);
    const { exitCode, stderr } = await remote.run('exit 0', {
      timeoutMs: Math.min(left, 30) * 1000,
      signal,
    });
    if (exitCode === 0) return passed();
    const said = redact(stderr.trim().split('\n').slice(-4).join('\n'));
    const trouble = exitCode === null ? sshFailureOf(stderr) : 'unknown';
    if (trouble === 'host-key')
      throw new Fault(
        'SSH_HOST_KEY',
        `The host key of ${host} or of its bastion differs from the one seen before`,
        {
          detail: said,
          hint: 'If the bastion has new keys, delete its line in the known_hosts file named above.',
        },
      );
    if (trouble === 'own-key')
      throw new Fault('SSH_KEY_UNUSABLE', 'ssh cannot use the key', {
        detail: said,
        hint: 'Set acceptance.ssh.key_file to a private key without passphrase, or load the key into an agent.',
      });
    if (trouble === 'denied') deniedSince ??= passed();
    else deniedSince = undefined;
    if (deniedSince !== undefined && passed() - deniedSince >= Math.min(keysWithinS, timeoutS))
      throw new Fault('SSH_DENIED', `${host} refuses our ssh key for user ${user}`, {
        detail: said,
        hint: 'The public key must be among the SSH keys of the MAAS user who deploys (`dgxos-maas site` uploads it), and a key with a passphrase must be loaded into an agent.',
      });
    const why = /Connection refused/i.test(stderr) ? `connection refused on port ${port}` : '';
    if (why !== shown) emit({ type: 'activity', id: 'ssh', label: `${waiting}${why && `: ${why}`}` });
    shown = why;
    if (passed() >= timeoutS)
      throw new Fault(
        'SSH_UNREACHABLE',
        `${host} has not answered ssh on port ${port} within ${timeoutS} s`,
        {
          detail: said || undefined,
          hint: 'Is the machine reachable from here? acceptance.ssh.bastion names a host to go through.',
        },
      );
    await sleep(pollMs, undefined, { signal }).catch(() => {
      throw interrupted(signal);
    });
  }
}
