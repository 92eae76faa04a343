import { Fault } from '../../core/faults/fault.ts';
import type { Bastion } from './bastion.ts';
import { shellLine } from './quote.ts';

/** The address and the user of a connection. */
export interface SshTarget {
  /** Address or name, as MAAS gives it. */
  host: string;
  port: number;
  user: string;
  /** Absolute path of the private key; null: the agent's keys and the user's default ones. */
  keyFile: string | null;
  bastion: Bastion | null;
}

export interface KnownHosts {
  /** Holds the machine's key; a new file for each deployment, as each has its own keys. */
  machine: string;
  /** Holds the bastion's key, from one time to the next. */
  bastion: string;
}

/** Names that stand for the two hosts in the file, so that what MAAS says never is an argument of ssh. */
export const MACHINE = 'machine';
const BASTION = 'bastion';

/**
 * An ssh_config of its own: with it ssh reads neither the user's nor the system's. It also holds for the bastion, to
 * which flags would not be passed on.
 * @throws Fault MAAS_PROTOCOL for an address that is none
 */
export function sshConfig(file: string, target: SshTarget, knownHosts: KnownHosts): string {
  const { bastion } = target;
  const lines = [
    `Host ${MACHINE}`,
    `  HostName ${address(target.host)}`,
    `  Port ${target.port}`,
    `  User ${value(target.user)}`,
    `  UserKnownHostsFile ${value(knownHosts.machine)}`,
    // ProxyJump would do the same, and does not quote the file's path.
    ...(bastion
      ? [`  ProxyCommand ${doubled(shellLine(['ssh', '-F', file, '-W']))} [%h]:%p ${BASTION}`]
      : []),
  ];
  if (bastion)
    lines.push(
      `Host ${BASTION}`,
      `  HostName ${address(bastion.host)}`,
      `  Port ${bastion.port}`,
      ...(bastion.user ? [`  User ${value(bastion.user)}`] : []),
      `  UserKnownHostsFile ${value(knownHosts.bastion)}`,
    );
  lines.push(
    'Host *',
    '  BatchMode yes',
    '  PreferredAuthentications publickey',
    // The first key seen is pinned; another one later is refused.
    '  StrictHostKeyChecking accept-new',
    '  GlobalKnownHostsFile /dev/null',
    '  HashKnownHosts no',
    '  UpdateHostKeys no',
    '  CheckHostIP no',
    '  ConnectTimeout 10',
    '  ServerAliveInterval 15',
    '  ServerAliveCountMax 4',
    '  ForwardAgent no',
    '  ForwardX11 no',
    '  ClearAllForwardings yes',
    '  RequestTTY no',
    '  ControlPath none',
    '  LogLevel ERROR',
    ...(target.keyFile === null ? [] : [`  IdentityFile ${value(target.keyFile)}`, '  IdentitiesOnly yes']),
  );
  return `${lines.join('\n')}\n`;
}

/** A text that ssh would take as an option, a command or another file is not an address. */
function address(host: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9.:_%-]*$|^::[0-9A-Fa-f:.]*$/.test(host)) return doubled(host);
  throw new Fault('MAAS_PROTOCOL', `${JSON.stringify(host)} is not an address that ssh can use`);
}

/** A value as ssh_config reads it: quoted, `%` doubled. A path it cannot express is refused. */
function value(text: string): string {
  if (/["\\\n\r]|\$\{/.test(text))
    throw new Fault('USAGE', `ssh cannot use the path ${JSON.stringify(text)}`, {
      hint: 'Use a path without quotes, backslashes, line breaks and ${.',
    });
  return `"${doubled(text)}"`;
}

const doubled = (text: string) => text.replaceAll('%', '%%');
