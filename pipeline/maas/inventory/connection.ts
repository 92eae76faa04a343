import { BlockList, isIP } from 'node:net';
import { Fault } from '../../core/faults/fault.ts';

/** The settings with which Ansible reaches the hosts. */
export interface Connection {
  user: string;
  /** The network from which a host's address is taken; undefined: the first address. */
  network: ((address: string) => boolean) | undefined;
  /** [user@]host[:port], several by commas. */
  bastion: string | undefined;
}

export interface ConnectionFlags {
  user?: string;
  network?: string;
  bastion?: string;
}

/**
 * Flags, else the variables that DeepOps' script reads: Ansible gives a script no flags of ours.
 * @throws Fault USAGE for a network or a bastion that is none
 */
export function connectionOf(flags: ConnectionFlags, env: NodeJS.ProcessEnv): Connection {
  const network = flags.network ?? (env.MAAS_NETWORK || undefined);
  const bastion = flags.bastion ?? (env.MAAS_SSH_BASTION || undefined);
  const user = flags.user ?? (env.MAAS_SSH_USER || 'ubuntu');
  // It becomes part of a command line of ssh.
  if (
    bastion !== undefined &&
    !/^(?:[\w.-]+@)?[\w.-]+(?::\d+)?(?:,(?:[\w.-]+@)?[\w.-]+(?::\d+)?)*$/.test(bastion)
  )
    throw new Fault('USAGE', `"${bastion}" is not a bastion`, {
      hint: 'Such as ubuntu@10.0.0.1 or jump.example:2222.',
    });
  if (bastion?.startsWith('-') || !/^[\w.][\w.-]*$/.test(user))
    throw new Fault('USAGE', `"${bastion?.startsWith('-') ? bastion : user}" cannot be given to ssh`);
  return { user, bastion, network: network === undefined ? undefined : networkTest(network) };
}

/** 192.168.1.0/24, or the beginning of an address such as 192.168.1 */
function networkTest(text: string): (address: string) => boolean {
  const [base = '', bits] = text.split('/');
  const family = isIP(base);
  if (bits !== undefined && family !== 0 && /^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)) {
    const net = new BlockList();
    net.addSubnet(base, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
    return (address) => isIP(address) !== 0 && net.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  if (!/^[0-9a-fA-F.:]+$/.test(text))
    throw new Fault('USAGE', `"${text}" is not a network`, { hint: 'Such as 192.168.1.0/24, or 192.168.1' });
  // 10.0.1 means 10.0.1.x and not 10.0.10.x.
  const start = /[.:]$/.test(text) || isIP(text) ? text : `${text}${text.includes(':') ? ':' : '.'}`;
  return (address) => address === text || address.startsWith(start);
}
