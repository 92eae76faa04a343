import { statusName } from '../machines/status.ts';
import type { Machine } from '../machines/types.ts';
import type { Connection } from './connection.ts';
import { deepOpsGroups, groupOf } from './groups.ts';

export type HostVars = Record<string, unknown>;

export interface Group {
  hosts: string[];
  children?: string[];
}

/** The output of an inventory script for Ansible: groups by name, and every host's variables. */
export type Inventory = { _meta: { hostvars: Record<string, HostVars> } } & Record<string, Group>;

/** The inventory of machines: DeepOps' groups, and one for each other tag. */
export function buildInventory(machines: readonly Machine[], connection: Connection): Inventory {
  const groups = new Map<string, Group>([['all', { hosts: [] }]]);
  for (const [name, children] of deepOpsGroups()) groups.set(name, { hosts: [], children: [...children] });
  for (const machine of machines) {
    groups.get('all')?.hosts.push(machine.hostname);
    for (const tag of machine.tags) {
      const name = groupOf(tag);
      if (name === undefined) continue;
      const group = groups.get(name) ?? { hosts: [] };
      groups.set(name, group);
      if (!group.hosts.includes(machine.hostname)) group.hosts.push(machine.hostname);
    }
  }
  // Children that nobody is tagged for still have to exist.
  for (const { children = [] } of [...groups.values()])
    for (const child of children) if (!groups.has(child)) groups.set(child, { hosts: [] });
  const hostvars = Object.fromEntries(
    machines.map((machine) => [machine.hostname, hostVars(machine, connection)]),
  );
  return Object.fromEntries([['_meta', { hostvars }], ...groups]) as Inventory;
}

/** The variables of a host, by the names that DeepOps' script gives them. */
export function hostVars(machine: Machine, { user, network, bastion }: Connection): HostVars {
  const { ipAddresses } = machine;
  const address = (network && ipAddresses.find(network)) ?? ipAddresses[0];
  return {
    ...(address ? { ansible_host: address } : {}),
    ansible_user: user,
    ansible_python_interpreter: '/usr/bin/python3',
    ...(bastion ? { ansible_ssh_common_args: `-o ProxyJump=${bastion}` } : {}),
    maas_system_id: machine.systemId,
    maas_fqdn: machine.fqdn,
    maas_status: statusName(machine.status),
    maas_zone: machine.zone,
    maas_pool: machine.pool,
    maas_tags: machine.tags,
    maas_arch: machine.architecture,
    maas_os: machine.osystem,
    maas_distro: machine.series,
    maas_cpus: machine.cpus,
    maas_memory_mb: machine.memoryMiB,
    maas_power_state: machine.powerState,
  };
}
