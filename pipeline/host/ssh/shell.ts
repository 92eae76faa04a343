import type { Emit } from '../../core/events/event.ts';
import { interact } from '../process/supervise.ts';

/** A machine on loopback that lives as long as this command. */
export interface LocalAddress {
  host: string;
  port: number;
  user: string;
  keyFile: string;
}

/** The command line of a session: nothing of the user's configuration, agent or known hosts is used, since the machine is new each time. */
export function shellArgv({ host, port, user, keyFile }: LocalAddress): [string, ...string[]] {
  const options = [
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
  ];
  return [
    ...(['ssh', '-F', 'none', '-i', keyFile, '-p', String(port)] as const),
    ...options.flatMap((option) => ['-o', option]),
    `${user}@${host}`,
  ];
}

/**
 * Opens a session on the machine with the terminal of this command, until it is left.
 * @throws Fault TOOL_MISSING, INTERRUPTED
 */
export async function openShell(
  address: LocalAddress,
  { emit, signal }: { emit: Emit; signal: AbortSignal },
): Promise<void> {
  emit({
    type: 'notice',
    level: 'info',
    message: `a session as ${address.user} on the booted image; the machine ends when you leave it`,
  });
  emit({ type: 'terminal', taken: true });
  try {
    await interact(shellArgv(address), { signal, reason: 'open a session on the booted image' });
  } finally {
    emit({ type: 'terminal', taken: false });
  }
}
