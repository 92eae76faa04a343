import { describe, expect, test } from 'vitest';
import { buildInventory, hostVars } from '../../../pipeline/maas/inventory/build.ts';
import { connectionOf } from '../../../pipeline/maas/inventory/connection.ts';
import fc from '../../property.ts';
import { machine } from '../machines/machine.ts';

const plain = connectionOf({}, {});
const deployed = (hostname: string, tags: string[], ipAddresses: string[] = []) =>
  machine({ hostname, status: 'deployed', osystem: 'custom', series: 'dgx1-5.0', tags, ipAddresses });

describe('groups', () => {
  test("are DeepOps', from the tags of a slurm cluster", () => {
    const inventory = buildInventory(
      [deployed('gpu01', ['slurm-master']), deployed('gpu02', ['slurm-node', 'rack1'])],
      plain,
    );
    expect(inventory.all?.hosts).toEqual(['gpu01', 'gpu02']);
    expect(inventory['slurm-master']?.hosts).toEqual(['gpu01']);
    expect(inventory['slurm-node']?.hosts).toEqual(['gpu02']);
    expect(inventory['slurm-cluster']?.children).toContain('slurm-master');
    expect(inventory['slurm-nfs-client']?.children).toEqual(['slurm-node']);
    expect(inventory.rack1).toEqual({ hosts: ['gpu02'] });
  });

  test('old names of tags mean the groups of today, once each', () => {
    const inventory = buildInventory(
      [deployed('gpu01', ['kube-master', 'kube_control_plane', 'etcd'])],
      plain,
    );
    expect(inventory.kube_control_plane?.hosts).toEqual(['gpu01']);
    expect(inventory['kube-master']).toEqual({ hosts: [], children: ['kube_control_plane'] });
    expect(inventory.etcd?.hosts).toEqual(['gpu01']);
  });

  test('no tag takes the place of what Ansible keeps for itself', () => {
    const inventory = buildInventory(
      [
        deployed('gpu01', [
          'all',
          '_meta',
          'ungrouped',
          '__proto__',
          'constructor',
          'kernel-options-12345678',
        ]),
      ],
      plain,
    );
    expect(inventory.all?.hosts).toEqual(['gpu01']);
    expect(Object.keys(inventory._meta.hostvars)).toEqual(['gpu01']);
    expect(Object.hasOwn(inventory, '__proto__')).toBe(true);
    expect(JSON.parse(JSON.stringify(inventory)).constructor).toEqual({ hosts: ['gpu01'] });
    expect(inventory).not.toHaveProperty('kernel-options-12345678');
  });

  test('with any tags: every host is in all, has variables, and every child is a group', () => {
    const tag = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.oneof(tag, fc.constantFrom('kube-node', 'slurm-node', 'all')))),
        (tags) => {
          const machines = tags.map((some, n) => deployed(`gpu${n}`, some));
          const { _meta, ...groups } = JSON.parse(JSON.stringify(buildInventory(machines, plain)));
          expect(groups.all.hosts).toEqual(Object.keys(_meta.hostvars));
          for (const { hosts, children = [] } of Object.values(groups) as {
            hosts: string[];
            children?: string[];
          }[]) {
            expect(new Set(hosts).size).toBe(hosts.length);
            for (const child of children) expect(groups).toHaveProperty([child]);
          }
        },
      ),
    );
  });
});

describe('the connection to a host', () => {
  const two = deployed('gpu01', [], ['10.0.10.5', '10.0.1.7', 'fd00::7']);

  test.each([
    [undefined, '10.0.10.5'],
    ['10.0.1', '10.0.1.7'],
    ['10.0.1.', '10.0.1.7'],
    ['10.0.1.0/24', '10.0.1.7'],
    ['fd00::/8', 'fd00::7'],
    ['192.168.0.0/16', '10.0.10.5'],
  ])('in the network %s it is %s', (network, expected) =>
    expect(hostVars(two, connectionOf({ network }, {})).ansible_host).toBe(expected),
  );

  test("takes the variables of DeepOps' script, and flags before them", () => {
    const env = { MAAS_SSH_USER: 'nvidia', MAAS_NETWORK: '10.0.1', MAAS_SSH_BASTION: 'jump@10.0.0.1' };
    expect(hostVars(two, connectionOf({}, env))).toMatchObject({
      ansible_host: '10.0.1.7',
      ansible_user: 'nvidia',
      ansible_ssh_common_args: '-o ProxyJump=jump@10.0.0.1',
      maas_status: 'Deployed',
      maas_os: 'custom',
      maas_distro: 'dgx1-5.0',
    });
    expect(hostVars(two, connectionOf({ user: 'root', bastion: 'b:2222' }, env))).toMatchObject({
      ansible_user: 'root',
      ansible_ssh_common_args: '-o ProxyJump=b:2222',
    });
  });

  test('a host without an address is there, without ansible_host', () =>
    expect(hostVars(deployed('gpu01', []), plain)).not.toHaveProperty('ansible_host'));

  test.each([
    [{ bastion: 'a -o ProxyCommand=evil' }, /is not a bastion/],
    [{ bastion: '-oProxyCommand=evil' }, /is not a bastion|cannot be given/],
    [{ bastion: 'a;b' }, /is not a bastion/],
    [{ user: '-oX' }, /cannot be given to ssh/],
    [{ network: 'east' }, /is not a network/],
    [{ network: '10.0.0.0/33' }, /is not a network/],
  ])('%j is refused', (flags, says) => expect(() => connectionOf(flags, {})).toThrow(says));
});
