import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MachinesState } from '../../../sandbox/machines/state.ts';
import { STATUS, type Status, shownStatus } from '../../../sandbox/machines/status.ts';
import { mayBecome } from '../../../sandbox/machines/transitions.ts';
import type { Sandbox } from '../../../sandbox/server.ts';
import { type Answer, call, folder, sandbox } from './client.ts';
import { Handle, HOUR, still, upload } from './machines.ts';

/** The part of the state that a request to this path may change, read through the API. */
async function touchedBy(server: Sandbox, path: string): Promise<unknown[]> {
  const [first = ''] = path.split('/');
  const reads: Record<string, string[]> = {
    maas: [
      'http_proxy',
      'default_osystem',
      'default_distro_series',
      'default_storage_layout',
      'ntp_servers',
    ].map((name) => `maas/?op=get_config&name=${name}`),
    account: ['account/prefs/sshkeys/'],
    vlans: ['fabrics/'],
    resourcepool: ['resourcepools/'],
    'boot-sources': ['boot-sources/', 'boot-sources/1/selections/'],
    machines: ['machines/', 'events/?op=query&limit=1000'],
  };
  const paths = reads[first] ?? [`${first}/`];
  return Promise.all(paths.map(async (one) => (await call(server, 'GET', one)).json));
}

describe('a deployment that MAAS refuses leaves the machine as it was', () => {
  async function ready(): Promise<Handle> {
    const server = await still({ family: '3.5' });
    const machine = new Handle(server);
    await machine.done('commission');
    return machine;
  }

  test.each<[string, Record<string, string>, RegExp]>([
    ['an image that there is not', { distro_series: 'nothing' }, /not a valid distro_series/],
    ['a kernel that there is not', { distro_series: 'dgx', hwe_kernel: 'hwe-99.04' }, /hwe_kernel/],
  ])('%s', async (_, form, says) => {
    const machine = await ready();
    await upload(machine.server, 'dgx');
    const before = await machine.get();
    const events = await machine.events();
    const answer = await machine.op('deploy', form);
    expect([answer.status, answer.text]).toEqual([400, expect.stringMatching(says)]);
    expect(await machine.get()).toEqual(before);
    expect(await machine.events()).toEqual(events);
    expect(before.status_name).toBe('Ready');
    expect(before.owner).toBeNull();
  });

  test('one that was allocated before stays allocated', async () => {
    const machine = await ready();
    await call(machine.server, 'POST', 'machines/?op=allocate', { form: { system_id: machine.id } });
    expect((await machine.op('deploy', { distro_series: 'nothing' })).status).toBe(400);
    expect(await machine.get()).toMatchObject({ status_name: 'Allocated', owner: 'admin' });
  });

  test('a layout without a root file system', async () => {
    const machine = await ready();
    await machine.op('set_storage_layout', { storage_layout: 'blank' });
    const before = await machine.get();
    expect((await machine.op('deploy', { distro_series: 'jammy' })).status).toBe(400);
    expect(await machine.get()).toEqual(before);
  });
});

/** A sandbox with one machine in each status that there is. */
async function inEveryStatus(): Promise<Sandbox> {
  const dir = folder();
  const now = Math.floor(Date.now() / 1000) * 1000;
  const statuses = Object.values(STATUS);
  const first = await sandbox({ dir, now: () => now, machines: statuses.length });
  for (const { systemId } of first.control.machines())
    await call(first, 'POST', `machines/${systemId}/?op=commission`);
  first.control.advance(HOUR);
  await first.close();
  const file = join(dir, 'machines.json');
  const state = JSON.parse(readFileSync(file, 'utf8')) as MachinesState;
  for (const [index, machine] of state.machines.entries()) {
    machine.status = statuses[index] as Status;
    machine.owner = machine.status === STATUS.NEW || machine.status === STATUS.READY ? null : 'admin';
  }
  writeFileSync(file, JSON.stringify(state));
  return sandbox({ dir, now: () => now });
}

describe('no operation leads where MAAS has no way', () => {
  const OPERATIONS: [string, Record<string, string>][] = [
    ...['commission', 'test', 'release', 'abort', 'rescue_mode', 'exit_rescue_mode', 'mark_broken'].map(
      (op): [string, Record<string, string>] => [op, {}],
    ),
    ...['mark_fixed', 'override_failed_testing', 'lock', 'power_off'].map(
      (op): [string, Record<string, string>] => [op, {}],
    ),
    ['deploy', { distro_series: 'jammy' }],
    ['release', { erase: 'true' }],
    ['power_on', {}],
  ];

  test.each(OPERATIONS)('op=%s %j', async (op, form) => {
    const server = await inEveryStatus();
    for (const { systemId } of server.control.machines()) {
      const read = async () => (await call(server, 'GET', `machines/${systemId}/`)).json as Answer['json'];
      const before = await read();
      const answer = await call(server, 'POST', `machines/${systemId}/?op=${op}`, { form });
      const after = await read();
      const what = `${op} on ${shownStatus(before.status)}: ${answer.status} ${answer.text.slice(0, 80)}`;
      expect(answer.status, what).toBeLessThan(500);
      if (answer.status >= 400) expect(after, what).toEqual(before);
      // One change of ours may be several steps in MAAS, which accepts each of them.
      else expect(reachable(before.status, after.status), what).toBe(true);
    }
  });

  test('leaving rescue mode is for what is in it', async () => {
    const server = await inEveryStatus();
    const taken: string[] = [];
    for (const { systemId, status } of server.control.machines().map((one) => ({ ...one, status: '' }))) {
      const answer = await call(server, 'POST', `machines/${systemId}/?op=exit_rescue_mode`);
      if (answer.status === 200) taken.push(answer.json.status_name);
      else expect(answer.text, status).toMatch(/^Invalid transition: .* -> Exiting rescue mode\.$/);
    }
    expect(taken).toHaveLength(5);
  });
});

function reachable(from: Status, to: Status): boolean {
  if (from === to || mayBecome(from, to)) return true;
  return Object.values(STATUS).some((middle) => mayBecome(from, middle) && mayBecome(middle, to));
}

/** Forms with what refers to something, by the request that takes them. */
const FORMS: [string, Record<string, string>, string[]][] = [
  [
    'POST subnets/',
    { cidr: '10.99.0.0/24' },
    ['fabric', 'vlan', 'vid', 'space', 'rdns_mode', 'gateway_ip', 'dns_servers'],
  ],
  ['PUT subnets/1/', {}, ['vlan', 'fabric', 'cidr', 'gateway_ip', 'dns_servers', 'rdns_mode', 'managed']],
  [
    'POST fabrics/0/vlans/',
    { vid: '77' },
    ['vid', 'mtu', 'space', 'primary_rack', 'secondary_rack', 'relay_vlan', 'dhcp_on'],
  ],
  [
    'PUT fabrics/0/vlans/0/',
    {},
    ['vid', 'mtu', 'space', 'primary_rack', 'secondary_rack', 'relay_vlan', 'fabric', 'dhcp_on'],
  ],
  ['PUT vlans/5001/', {}, ['vid', 'mtu', 'space', 'primary_rack', 'relay_vlan']],
  [
    'POST ipranges/',
    { type: 'reserved', start_ip: '192.168.1.9', end_ip: '192.168.1.9' },
    ['subnet', 'type', 'start_ip', 'end_ip'],
  ],
  ['POST fabrics/', {}, ['name', 'class_type']],
  ['POST zones/', { name: 'n' }, ['name']],
  ['POST resourcepools/', { name: 'n' }, ['name']],
  ['PUT resourcepool/0/', {}, ['name']],
  ['POST spaces/', {}, ['name']],
  ['POST domains/', { name: 'n.example' }, ['name', 'ttl', 'authoritative']],
  ['POST tags/', { name: 'n' }, ['name', 'definition']],
  ['POST boot-sources/', { url: 'http://a.example/', keyring_filename: '/k' }, ['url', 'priority']],
  [
    'POST boot-sources/1/selections/',
    { os: 'ubuntu', release: 'noble' },
    ['os', 'release', 'arches', 'subarches', 'labels'],
  ],
  ['POST maas/?op=set_config', { name: 'http_proxy', value: '' }, ['name', 'value']],
  ['POST maas/?op=set_config', { name: 'default_osystem', value: 'ubuntu' }, ['value']],
  ['POST maas/?op=set_config', { name: 'default_distro_series', value: 'jammy' }, ['value']],
  ['POST maas/?op=set_config', { name: 'default_storage_layout', value: 'flat' }, ['value']],
  ['POST maas/?op=set_config', { name: 'ntp_servers', value: '' }, ['value']],
  ['POST account/prefs/sshkeys/', {}, ['key']],
  ['POST account/prefs/sshkeys/?op=import', {}, ['keysource']],
  [
    'POST machines/',
    { architecture: 'amd64', mac_addresses: '52:54:00:00:02:01', power_type: 'manual', commission: 'false' },
    [
      'architecture',
      'mac_addresses',
      'power_type',
      'power_parameters',
      'domain',
      'pool',
      'zone',
      'hostname',
      'min_hwe_kernel',
      'swap_size',
    ],
  ],
  [
    'PUT machines/{id}/',
    {},
    [
      'architecture',
      'power_type',
      'power_parameters',
      'domain',
      'pool',
      'zone',
      'hostname',
      'swap_size',
      'cpu_count',
    ],
  ],
  [
    'POST machines/?op=allocate',
    {},
    ['system_id', 'name', 'arch', 'tags', 'pool', 'zone', 'fabrics', 'subnets', 'vlans', 'mem', 'cpu_count'],
  ],
  ['POST machines/?op=release', {}, ['machines']],
  ['POST machines/?op=accept', {}, ['machines']],
  ['POST machines/{id}/?op=commission', {}, ['commissioning_scripts', 'testing_scripts']],
  ['POST machines/{id}/?op=test', {}, ['testing_scripts']],
  ['POST machines/{id}/?op=deploy', {}, ['distro_series', 'hwe_kernel', 'osystem']],
  ['POST machines/{id}/?op=set_storage_layout', {}, ['storage_layout']],
  [
    'GET machines/',
    {},
    [
      'pool',
      'zone',
      'tags',
      'fabrics',
      'vlans',
      'subnets',
      'arch',
      'status',
      'power_state',
      'mem',
      'id',
      'domain',
      'mac_address',
      'simple_status',
    ],
  ],
];
const ODD = [
  ...[
    'nonsense',
    '-1',
    '0',
    '999999',
    '1e9',
    '0x1f',
    ' ',
    '',
    'null',
    '[]',
    '{}',
    '{"a": 1}',
    '[1]',
    'None',
    'a/b',
    '../..',
  ],
  ...[
    'name:x',
    'id:999',
    'é',
    '\u0000',
    '*',
    '(',
    '%',
    "'",
    '"',
    'a,b',
    '10.0.0.0/99',
    '::/0',
    '300.1.1.1',
    '1.2.3.4/24/8',
  ],
  ...[
    'constructor',
    '__proto__',
    'x'.repeat(5000),
    '9'.repeat(400),
    '1.5',
    'true',
    'https://',
    'http://[',
    '\n',
  ],
];

describe('references of a form to objects that MAAS does not have', () => {
  test.each(FORMS)(
    '%s %j: never an error of the server, and nothing is changed by what is refused',
    async (ask, form, fields) => {
      const server = await still({ family: '3.5' });
      const machine = new Handle(server);
      const [method = '', path = ''] = ask.replace('{id}', machine.id).split(' ');
      let before = await touchedBy(server, path);
      for (const field of fields)
        for (const value of ODD) {
          const given = { ...form, [field]: value };
          const answer =
            method === 'GET'
              ? await call(server, 'GET', `${path}?${new URLSearchParams(given)}`)
              : await call(server, method, path, { form: given });
          const what = `${ask} ${field}=${JSON.stringify(value.slice(0, 40))}: ${answer.status} ${answer.text.slice(0, 100)}`;
          expect(answer.status, what).toBeLessThan(500);
          const after = await touchedBy(server, path);
          if (answer.status >= 400) expect(after, what).toEqual(before);
          before = after;
        }
    },
    120_000,
  );
});
