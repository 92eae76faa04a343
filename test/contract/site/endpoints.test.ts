import { describe, expect, test } from 'vitest';
import { keyOf } from '../../../sandbox/site/ssh-keys.ts';
import { call, folder, sandbox } from '../sandbox/client.ts';

/** Refusals: the request, its form, the status and what is said. */
const REFUSED: [string, string, Record<string, string> | undefined, number, string | RegExp][] = [
  [
    'GET',
    'maas/?op=get_config&name=nonsense',
    undefined,
    400,
    /^\{"nonsense": \["nonsense is not a valid config setting \(valid settings are: maas_name, /,
  ],
  ['GET', 'maas/?op=get_config', undefined, 400, 'No provided name!'],
  [
    'POST',
    'maas/?op=set_config',
    { name: 'upstream_dns', value: 'x' },
    400,
    '{"upstream_dns": ["Invalid IP address: x; provide a list of space-separated IP addresses"]}',
  ],
  [
    'POST',
    'maas/?op=set_config',
    { name: 'default_distro_series', value: 'noble' },
    400,
    /'noble' is not a valid release\. {2}It should be one of: 'focal', 'jammy'\./,
  ],
  [
    'POST',
    'maas/?op=set_config',
    { name: 'default_storage_layout', value: 'x' },
    400,
    /Select a valid choice\. x is not one of the available choices\./,
  ],
  ['POST', 'maas/?op=set_config', { name: 'maas_name' }, 400, 'No provided value!'],
  [
    'POST',
    'account/prefs/sshkeys/',
    { key: 'x' },
    400,
    /\{"key": \["Invalid SSH public key: Key should contain 2 or more/,
  ],
  ['POST', 'account/prefs/sshkeys/', { key: 'ssh-foo AAAA' }, 400, /Key type ssh-foo not recognised/],
  [
    'POST',
    'account/prefs/sshkeys/?op=import',
    { keysource: 'gh:no-such-user' },
    400,
    "Unable to import SSH keys. Github user no-such-user doesn't exist.",
  ],
  ['POST', 'account/prefs/sshkeys/?op=import', {}, 400, /^Importing SSH keys failed/],
  ['DELETE', 'account/prefs/sshkeys/9/', undefined, 404, 'No SSHKey matches the given query.'],
  ['POST', 'fabrics/', { name: 'a b' }, 400, '{"name": ["Invalid fabric name: a b."]}'],
  ['POST', 'fabrics/', { name: 'fabric-9' }, 400, '{"name": ["Reserved fabric name."]}'],
  ['DELETE', 'fabrics/0/', undefined, 400, 'This fabric is the default fabric, it cannot be deleted.'],
  [
    'DELETE',
    'fabrics/1/',
    undefined,
    400,
    "Can't delete fabric; the following subnets are still present: 192.168.122.0/24",
  ],
  ['GET', 'fabrics/7/', undefined, 404, 'No Fabric matches the given query.'],
  ['GET', 'fabrics/0/vlans/7/', undefined, 404, 'No VLAN matches the given query.'],
  ['POST', 'fabrics/0/vlans/', { vid: '4095' }, 400, '{"vid": ["VID must be between 0 and 4094."]}'],
  [
    'POST',
    'fabrics/0/vlans/',
    { vid: '0' },
    400,
    '{"__all__": ["A VLAN with the specified VID already exists in the destination fabric."]}',
  ],
  [
    'POST',
    'fabrics/0/vlans/',
    { vid: '5', mtu: '100' },
    400,
    '{"mtu": ["Ensure this value is greater than or equal to 552."]}',
  ],
  [
    'PUT',
    'fabrics/0/vlans/0/',
    { dhcp_on: 'true', primary_rack: 'rck001' },
    400,
    '{"dhcp_on": ["dhcp can only be turned on when a dynamic IP range is defined."]}',
  ],
  ['PUT', 'fabrics/0/vlans/0/', { primary_rack: 'nobody' }, 400, /Select a valid choice/],
  ['PUT', 'fabrics/0/vlans/0/', { relay_vlan: '5001' }, 400, /Select a valid choice/],
  [
    'DELETE',
    'fabrics/0/vlans/0/',
    undefined,
    400,
    'This VLAN is the default VLAN in the fabric, it cannot be deleted.',
  ],
  ['POST', 'subnets/', { cidr: 'x' }, 400, '{"cidr": ["Required format: <network>/<prefixlen>."]}'],
  [
    'POST',
    'subnets/',
    { cidr: '192.168.1.0/24' },
    400,
    '{"cidr": ["Subnet with this Cidr already exists."]}',
  ],
  [
    'PUT',
    'subnets/1/',
    { gateway_ip: '10.0.0.1' },
    400,
    '{"gateway_ip": ["Gateway IP must be within CIDR range."]}',
  ],
  ['GET', 'subnets/9/', undefined, 404, 'No Subnet matches the given query.'],
  [
    'POST',
    'ipranges/',
    { type: 'dynamic', start_ip: '192.168.1.10', end_ip: '192.168.1.1' },
    400,
    '{"end_ip": ["End IP address must not be less than Start IP address."]}',
  ],
  [
    'POST',
    'ipranges/',
    { type: 'dynamic', start_ip: '192.168.1.1', end_ip: '192.168.1.9' },
    400,
    /"Requested dynamic range conflicts with an existing IP address or range\."/,
  ],
  [
    'POST',
    'ipranges/',
    { type: 'reserved', start_ip: '192.168.1.0', end_ip: '192.168.1.9' },
    400,
    '{"start_ip": ["Reserved network address cannot be included in IP range."]}',
  ],
  [
    'POST',
    'ipranges/',
    { type: 'reserved', start_ip: '192.168.1.9', end_ip: '192.168.1.255' },
    400,
    '{"end_ip": ["Broadcast address cannot be included in IP range."]}',
  ],
  [
    'POST',
    'ipranges/',
    { type: 'reserved', start_ip: '192.168.1.9', end_ip: '192.168.2.1' },
    400,
    '{"end_ip": ["End IP address must be within subnet: 192.168.1.0/24."]}',
  ],
  [
    'POST',
    'ipranges/',
    { type: 'x', start_ip: '192.168.1.9', end_ip: '192.168.1.10' },
    400,
    /Select a valid choice\. x is not/,
  ],
  ['POST', 'zones/', { name: 'default' }, 400, '{"name": ["Physical zone with this Name already exists."]}'],
  ['DELETE', 'zones/default/', undefined, 400, 'This zone is the default zone, it cannot be deleted.'],
  [
    'POST',
    'resourcepools/',
    { name: 'default' },
    400,
    '{"name": ["Resource pool with this Name already exists."]}',
  ],
  ['DELETE', 'resourcepool/0/', undefined, 400, 'This is the default pool, it cannot be deleted.'],
  ['POST', 'spaces/', { name: 'a b' }, 400, '{"name": ["Invalid space name: a b."]}'],
  ['POST', 'domains/', { name: 'a_b' }, 400, '{"name": ["Domain name contains invalid characters."]}'],
  [
    'POST',
    'domains/',
    { name: 'maas-internal' },
    400,
    '{"name": ["Domain name cannot duplicate maas internal domain name."]}',
  ],
  ['DELETE', 'domains/0/', undefined, 400, 'This domain is the default domain, it cannot be deleted.'],
  [
    'POST',
    'boot-sources/',
    { url: 'http://a.example/' },
    400,
    '{"__all__": ["One of keyring_data or keyring_filename must be specified."]}',
  ],
  [
    'POST',
    'boot-sources/1/selections/',
    { os: 'ubuntu', release: 'jamy' },
    400,
    '{"os": ["OS ubuntu with release jamy has no available images for download"]}',
  ],
  [
    'POST',
    'boot-sources/1/selections/',
    { os: 'ubuntu', release: 'noble', arches: 'sparc' },
    400,
    /"arches": \["No available images to download for \['sparc'\]"\]/,
  ],
  [
    'DELETE',
    'boot-sources/1/selections/2/',
    undefined,
    400,
    /It is the operating system used in ephemeral environments\./,
  ],
];

describe('the sandbox refuses as MAAS does', () => {
  test.each(REFUSED)('%s %s %j', async (method, path, form, status, says) => {
    const server = await sandbox({ family: '3.5' });
    const answer = await call(server, method, path, form ? { form } : {});
    expect(answer.status).toBe(status);
    if (typeof says === 'string') expect(answer.text).toBe(says);
    else expect(answer.text).toMatch(says);
  });

  test('things that a user may not change, and one that a user may', async () => {
    const server = await sandbox();
    const as = (method: string, path: string, form?: Record<string, string>) =>
      call(server, method, path, { key: server.userKey, ...(form ? { form } : {}) });
    for (const [path, form] of [
      ['maas/?op=set_config', { name: 'maas_name', value: 'x' }],
      ['zones/', { name: 'x' }],
      ['fabrics/', { name: 'x' }],
      ['boot-resources/?op=import', {}],
    ] as const)
      expect(await as('POST', path, form)).toMatchObject({
        status: 403,
        text: 'This method is reserved for admin users.',
      });
    expect((await as('GET', 'fabrics/')).status).toBe(200);
    const range = { type: 'reserved', start_ip: '192.168.1.5', end_ip: '192.168.1.9' };
    expect((await as('POST', 'ipranges/', range)).status).toBe(200);
    expect(await as('POST', 'ipranges/', { ...range, type: 'dynamic' })).toMatchObject({ status: 403 });
    await as('POST', 'account/prefs/sshkeys/', { key: keyOf('mine') });
    expect((await call(server, 'GET', 'account/prefs/sshkeys/')).json).toEqual([]);
    expect((await call(server, 'DELETE', 'account/prefs/sshkeys/1/')).text).toBe(
      "Can't delete a key you don't own.",
    );
  });
});

describe('a fresh MAAS', () => {
  test('has found the two networks of the guide', async () => {
    const server = await sandbox();
    const { json: fabrics } = await call(server, 'GET', 'fabrics/');
    expect(fabrics).toMatchObject([
      {
        id: 0,
        name: 'fabric-0',
        vlans: [
          {
            id: 5001,
            vid: 0,
            name: 'untagged',
            dhcp_on: false,
            space: 'undefined',
            fabric: 'fabric-0',
            fabric_id: 0,
            primary_rack: null,
            relay_vlan: null,
          },
        ],
      },
      { id: 1, name: 'fabric-1' },
    ]);
    const { json: subnets } = await call(server, 'GET', 'subnets/');
    expect(subnets).toMatchObject([
      {
        cidr: '192.168.1.0/24',
        gateway_ip: null,
        managed: true,
        vlan: { id: 5001 },
        space: 'undefined',
        disabled_boot_architectures: [],
      },
      { cidr: '192.168.122.0/24', gateway_ip: '192.168.122.1' },
    ]);
    expect((await call(server, 'GET', 'rackcontrollers/')).json).toMatchObject([
      { hostname: 'maas-vm', fqdn: 'maas-vm.maas' },
    ]);
    expect((await call(server, 'GET', 'domains/')).json).toMatchObject([
      { id: 0, name: 'maas', is_default: true },
    ]);
    expect((await call(server, 'GET', 'maas/?op=get_config&name=upstream_dns')).text).toBe('null');
  });

  test.each([
    ['2.8', { disabled_boot_architectures: undefined }, 200, { name: undefined }],
    ['3.4', { disabled_boot_architectures: [] }, 200, { name: undefined }],
    ['3.8', { disabled_boot_architectures: [] }, 400, { enabled: true, priority: 1 }],
  ])('of %s differs in a few fields', async (family, subnet, overlap, source) => {
    const server = await sandbox({ family });
    expect((await call(server, 'GET', 'subnets/1/')).json).toMatchObject(
      Object.fromEntries(Object.entries(subnet).filter(([, value]) => value !== undefined)),
    );
    expect('disabled_boot_architectures' in (await call(server, 'GET', 'subnets/1/')).json).toBe(
      family !== '2.8',
    );
    expect((await call(server, 'POST', 'subnets/', { form: { cidr: '192.168.0.0/16' } })).status).toBe(
      overlap,
    );
    expect('name' in (await call(server, 'GET', 'boot-sources/1/')).json).toBe('enabled' in source);
  });

  test('takes, changes and gives up a zone, and keeps it over a restart', async () => {
    const dir = folder();
    const first = await sandbox({ dir });
    expect((await call(first, 'POST', 'zones/', { form: { name: 'a', description: 'b' } })).json).toEqual({
      id: 2,
      name: 'a',
      description: 'b',
      resource_uri: '/MAAS/api/2.0/zones/a/',
    });
    await call(first, 'PUT', 'zones/a/', { form: { description: 'c' } });
    await first.close();
    const second = await sandbox({ dir });
    expect((await call(second, 'GET', 'zones/a/')).json).toMatchObject({ name: 'a', description: 'c' });
    expect((await call(second, 'DELETE', 'zones/a/')).status).toBe(204);
    expect((await call(second, 'GET', 'zones/a/')).status).toBe(404);
  });
});

describe('an import', () => {
  test('takes its time on the clock, shows how far it is, and ends with usable images', async () => {
    let time = Date.now();
    const server = await sandbox({ architectures: [], now: () => time });
    const importing = async () => (await call(server, 'GET', 'boot-resources/?op=is_importing')).json;
    const synced = async () => (await call(server, 'GET', 'boot-resources/?type=synced')).json;
    expect(await synced()).toEqual([]);
    await call(server, 'POST', 'boot-resources/?op=import');
    time += 1000;
    expect(await importing()).toBe(true);
    const [first] = await synced();
    expect(first).toMatchObject({ type: 'Synced', name: 'ubuntu/focal', architecture: 'amd64/generic' });
    const { sets } = (await call(server, 'GET', `boot-resources/${first.id}/`)).json;
    expect(Object.values(sets)).toMatchObject([{ complete: false, progress: expect.closeTo(50, 0) }]);
    time += 10_000;
    expect(await importing()).toBe(false);
    expect(await synced()).toHaveLength(4);
    const image = { name: 'custom/x', architecture: 'arm64/generic', sha256: 'a'.repeat(64), size: 1 };
    expect(
      (await call(server, 'POST', 'boot-resources/', { form: { ...image, base_image: 'ubuntu/jammy' } }))
        .status,
    ).toBe(201);
  });

  test('that is stopped leaves what has come, and goes on when it is started again', async () => {
    let time = Date.now();
    const server = await sandbox({ architectures: [], now: () => time });
    await call(server, 'POST', 'boot-resources/?op=import');
    time += 1000;
    await call(server, 'POST', 'boot-resources/?op=stop_import');
    time += 100_000;
    const progress = async () => Object.values((await call(server, 'GET', 'boot-resources/1/')).json.sets)[0];
    expect(await progress()).toMatchObject({ complete: false });
    await call(server, 'POST', 'boot-resources/?op=import');
    time += 100_000;
    expect(await progress()).toMatchObject({ complete: true });
  });
});
