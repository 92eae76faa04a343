import { afterEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../../pipeline/core/faults/fault.ts';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { explainMaasError } from '../../../pipeline/maas/api/maas-error.ts';
import { applyPlan } from '../../../pipeline/maas/site/apply.ts';
import { planText } from '../../../pipeline/maas/site/plan-text.ts';
import type { SandboxOptions } from '../../../sandbox/server.ts';
import { keyOf } from '../../../sandbox/site/ssh-keys.ts';
import { Maas } from './maas.ts';

const running: Maas[] = [];
afterEach(async () => {
  for (const maas of running.splice(0)) await maas.stop();
});

async function start(options: Partial<SandboxOptions> = {}): Promise<Maas> {
  const maas = await Maas.start(options);
  running.push(maas);
  return maas;
}

/** DeepOps' guide: keys, the Ubuntu it deploys, DHCP on the internal network with the range that the web page proposes. */
const GUIDE = {
  region: { name: 'deepops', upstream_dns: ['192.168.122.1'], storage_layout: 'flat', intro_completed: true },
  ssh_keys: [{ key: keyOf('me') }, { import: 'gh:someone' }],
  boot_sources: [
    {
      url: 'http://images.maas.io/ephemeral-v3/stable/',
      selections: [{ release: 'jammy', arches: ['amd64', 'arm64'] }],
    },
  ],
  subnets: [
    {
      cidr: '192.168.1.0/24',
      gateway: '192.168.1.1',
      dns_servers: ['192.168.1.1'],
      ranges: [{ type: 'dynamic', start: '192.168.1.191', end: '192.168.1.254' }],
      dhcp: {},
    },
  ],
  tags: [{ name: 'dgx', kernel_options: 'nvme-core.multipath=n' }],
  domains: [{ name: 'deepops.local', default: true }],
};

const isMutating = ({ method }: { method: string }) => method !== 'GET';

describe.each(['2.8', '3.4', '3.5', '3.8'])("DeepOps' guide on MAAS %s", (family) => {
  it('is what MAAS holds after apply, and a second apply sends nothing', async () => {
    const maas = await start({ family, architectures: [] });
    await maas.apply(GUIDE);
    const [vlan] = (await maas.get('fabrics/'))[0].vlans;
    expect(vlan).toMatchObject({ dhcp_on: true, primary_rack: 'rck001' });
    expect(await maas.get('subnets/1/')).toMatchObject({
      gateway_ip: '192.168.1.1',
      dns_servers: ['192.168.1.1'],
    });
    expect(await maas.get('ipranges/')).toMatchObject([
      { type: 'dynamic', start_ip: '192.168.1.191', end_ip: '192.168.1.254' },
    ]);
    expect(await maas.get('maas/?op=get_config&name=maas_name')).toBe('deepops');
    expect(await maas.get('domains/')).toMatchObject([
      { is_default: false },
      { name: 'deepops.local', is_default: true },
    ]);
    expect(await maas.get('tags/dgx/')).toMatchObject({ kernel_opts: 'nvme-core.multipath=n' });
    const keys = await maas.get('account/prefs/sshkeys/');
    expect(keys.map((key: { keysource: string }) => key.keysource)).toEqual(['', 'gh:someone']);
    const images = await maas.get('boot-resources/?type=synced');
    expect(images.map((image: { name: string }) => image.name)).toContain('ubuntu/jammy');

    const requests = await maas.requestsOf(() => maas.apply(GUIDE));
    expect(requests.filter(isMutating)).toEqual([]);
  });
});

describe('a plan', () => {
  it('is read as a reviewer likes it: what is added, changed and deleted, and nothing else', async () => {
    const maas = await start();
    await maas.client.post('zones/', { name: 'old' });
    const { changes } = await maas.plan({
      ...GUIDE,
      ssh_keys: [{ import: 'gh:someone' }],
      zones: [{ name: 'row-a' }],
      prune: ['zones'],
    });
    expect(planText(changes, paint(false))).toBe(`~ region
    name: maas-vm -> deepops
    upstream_dns: (none) -> 192.168.122.1
    intro_completed: false -> true
+ SSH keys of gh:someone
+ domain deepops.local
    default: true
+ zone row-a
~ subnet 192.168.1.0/24
    gateway: (none) -> 192.168.1.1
    dns_servers: (none) -> 192.168.1.1
+ dynamic range 192.168.1.191-192.168.1.254 of 192.168.1.0/24
~ VLAN fabric-0/untagged
    dhcp: off -> on
    rack: (none) -> maas-vm
+ tag dgx
    kernel_options: nvme-core.multipath=n
- zone old

5 to add, 3 to change, 1 to delete.`);
  });

  it('reads with a number of requests that does not grow with what MAAS has', async () => {
    const maas = await start();
    const few = await maas.requestsOf(() => maas.plan(GUIDE));
    for (let i = 0; i < 30; i += 1) {
      await maas.client.post('zones/', { name: `z${i}` });
      await maas.client.post('fabrics/', { name: `f${i}` });
      await maas.client.post('subnets/', { cidr: `10.${i}.0.0/24` });
      await maas.client.post('tags/', { name: `t${i}` });
    }
    const many = await maas.requestsOf(() => maas.plan(GUIDE));
    expect(many).toHaveLength(few.length);
    expect(few.length).toBeLessThanOrEqual(20);
    expect(few.filter(isMutating)).toEqual([]);
  });

  it('reads nothing of what the file does not name', async () => {
    const maas = await start();
    const requests = await maas.requestsOf(() => maas.plan({ zones: [] }));
    expect(requests.map(({ path }) => path)).toEqual(['/MAAS/api/2.0/zones/']);
  });

  /** Problems that only this MAAS can find: the file, its place and what is said. */
  const UNFIT: [string, string, string, RegExp][] = [
    [
      'an unknown rack',
      'subnets:\n  - cidr: 192.168.1.0/24\n    ranges: [{type: dynamic, start: 192.168.1.2, end: 192.168.1.9}]\n    dhcp:\n      rack: maas-wm',
      '5:13',
      /there is no rack controller "maas-wm"\. Did you mean "maas-vm"/,
    ],
    [
      'an unknown fabric',
      'subnets:\n  - cidr: 10.0.0.0/24\n    fabric: fabric0',
      '3:13',
      /there is no fabric "fabric0"\. Did you mean "fabric-0"/,
    ],
    [
      'an unknown VLAN',
      'subnets:\n  - cidr: 10.0.0.0/24\n    fabric: fabric-0\n    vlan: 9',
      '4:11',
      /fabric-0 has no VLAN 9/,
    ],
    ['a new subnet in no fabric', 'subnets:\n  - cidr: 10.0.0.0/24', '2:11', /in which fabric is it/],
    [
      'a fabric that MAAS would have to name',
      'fabrics:\n  - name: fabric-7',
      '2:11',
      /MAAS reserves names like this/,
    ],
    [
      'an unknown space',
      'fabrics:\n  - name: fabric-0\n    vlans: [{vid: 0, space: dmz}]',
      '3:29',
      /there is no space "dmz"/,
    ],
    ['a source without keyring', 'boot_sources:\n  - url: http://mirror.example/x', '2:10', /which keyring/],
    [
      'a relay to a VLAN that is none',
      'fabrics:\n  - name: fabric-0\n    vlans:\n      - vid: 0\n        dhcp: {relay: {fabric: fabric-1, vlan: 8}}',
      '5:48',
      /fabric-1 has no VLAN 8/,
    ],
    [
      'DHCP of one VLAN in two places',
      'fabrics:\n  - name: fabric-0\n    vlans: [{vid: 0, dhcp: {enabled: false}}]\nsubnets:\n  - cidr: 192.168.1.0/24\n    dhcp: {enabled: false}',
      '6:11',
      /set elsewhere/,
    ],
  ];
  it.each(UNFIT)('says what does not fit this MAAS, with its place: %s', async (_, text, place, message) => {
    const maas = await start();
    const fault: Fault = await maas.plan(text).catch((error) => error);
    expect(fault.code).toBe('CONFIG_INVALID');
    expect(fault.message).toMatch(message);
    expect(`${fault.where?.line}:${fault.where?.column}`).toBe(place);
    expect(`${fault.hint}`).toMatch(/^Accepted: /);
  });
});

describe('apply', () => {
  it('goes on where it was stopped', async () => {
    const maas = await start();
    maas.sandbox.addFault('iprange-create:1:500');
    const fault: Fault = await maas.apply(GUIDE).catch((error) => error);
    expect(fault.message).toMatch(/^dynamic range 192\.168\.1\.191-192\.168\.1\.254 of 192\.168\.1\.0\/24: /);
    expect(fault.detail).toMatch(/\d+ of \d+ changes were made; run it again for the rest\./);
    const left = await maas.changes(GUIDE);
    expect(left.map(({ name }) => name)).toEqual([
      'dynamic range 192.168.1.191-192.168.1.254 of 192.168.1.0/24',
      'VLAN fabric-0/untagged',
      'tag dgx',
    ]);
    maas.sandbox.clearFaults();
    await maas.apply(GUIDE);
    expect(await maas.changes(GUIDE)).toEqual([]);
  });

  it('imports what is selected, waits for it with progress, and only then makes it the default', async () => {
    const maas = await start();
    const site = {
      region: { default_series: 'noble', commissioning_series: 'noble' },
      boot_sources: [
        { url: 'http://images.maas.io/ephemeral-v3/stable', selections: [{ release: 'noble' }] },
      ],
    };
    await maas.apply(site);
    expect(await maas.get('maas/?op=get_config&name=default_distro_series')).toBe('noble');
    const progress = maas.events.filter((event) => event.type === 'progress' && event.id === 'import');
    expect(progress.length).toBeGreaterThan(1);
    expect(progress[0]).toMatchObject({ unit: 'bytes', note: 'waiting for ubuntu/noble (amd64)' });
    expect(progress.at(-1)).toMatchObject({ done: 534_000, total: 534_000 });
    expect(await maas.changes(site)).toEqual([]);
  });

  it('waits for a source that MAAS has still to read, and takes up an import that was stopped', async () => {
    const maas = await start();
    const site = {
      boot_sources: [
        {
          url: 'http://mirror.example/maas/',
          keyring_file: '/usr/share/keyrings/k.gpg',
          selections: [{ release: 'noble' }],
        },
      ],
      import: { wait: false },
    };
    await maas.apply(site);
    maas.time += 700;
    await maas.client.call('boot-resources/?op=stop_import', {});
    expect(await maas.changes(site)).toMatchObject([
      { name: 'import of boot images', fields: [{ to: ['ubuntu/noble (amd64)'] }] },
    ]);
    await maas.apply({ ...site, import: { wait: true } });
    expect(await maas.changes(site)).toEqual([]);
  });

  it('is interrupted while it waits, and MAAS goes on with the import', async () => {
    const maas = await start();
    const site = {
      boot_sources: [
        { url: 'http://images.maas.io/ephemeral-v3/stable/', selections: [{ release: 'noble' }] },
      ],
    };
    const abort = new AbortController();
    const { client } = maas;
    const notices: string[] = [];
    const applied = applyPlan(await maas.plan(site), {
      client,
      emit: (event) => {
        if (event.type === 'notice') notices.push(event.message);
        if (event.type === 'progress' && event.id === 'import') abort.abort();
      },
      signal: abort.signal,
    });
    await expect(applied).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(notices).toEqual(['Interrupted; 1 of 2 changes were made']);
    expect(await maas.get('boot-resources/?op=is_importing')).toBe(true);
    maas.time += 60_000;
    expect(await maas.changes(site)).toEqual([]);
  });

  it('gives up an import after its time, and says what is missing', async () => {
    const maas = await start();
    const site = {
      boot_sources: [
        {
          url: 'http://images.maas.io/ephemeral-v3/stable/',
          selections: ['noble', 'bionic', 'xenial'].map((release) => ({ release, arches: ['*'] })),
        },
      ],
      import: { timeout: '1s' },
    };
    const fault: Fault = await maas.apply(site).catch((error) => error);
    expect(fault).toMatchObject({ code: 'MAAS_BUSY' });
    expect(fault.message).toMatch(/ubuntu\/xenial \(s390x\).* did not end within 1 s/);
  });

  it('makes fabrics, VLANs, spaces and subnets that stand on each other, with a relay', async () => {
    const maas = await start();
    const site = {
      spaces: [{ name: 'storage' }],
      fabrics: [
        {
          name: 'rack-a',
          vlans: [
            { vid: 0, mtu: 9000 },
            { vid: 10, name: 'ten', space: 'storage', dhcp: { relay: { fabric: 'fabric-0', vlan: 0 } } },
          ],
        },
      ],
      subnets: [
        { cidr: '10.10.0.0/24', fabric: 'rack-a', vlan: 10, gateway: '10.10.0.1', managed: false },
        {
          cidr: '192.168.1.0/24',
          ranges: [{ type: 'dynamic', start: '192.168.1.191', end: '192.168.1.254' }],
          dhcp: { rack: 'maas-vm' },
        },
      ],
    };
    await maas.apply(site);
    expect(await maas.changes(site)).toEqual([]);
    const fabric = (await maas.get('fabrics/')).find(({ name }: { name: string }) => name === 'rack-a');
    expect(fabric.vlans).toMatchObject([
      { mtu: 9000 },
      { name: 'ten', space: 'storage', relay_vlan: { fabric: 'fabric-0', vid: 0 }, dhcp_on: false },
    ]);
    // The relay is given up for a DHCP of its own, and the other way round.
    const served = {
      ...site,
      fabrics: [{ name: 'rack-a', vlans: [{ vid: 10, dhcp: {} }] }],
      subnets: [
        { ...site.subnets[0], ranges: [{ type: 'dynamic', start: '10.10.0.50', end: '10.10.0.90' }] },
      ],
    };
    await maas.apply(served);
    expect(await maas.changes(served)).toEqual([]);
    await maas.apply(site);
    expect(await maas.changes(site)).toEqual([]);
  });

  it('gives DHCP a second rack, and lets the two change places', async () => {
    const maas = await start();
    await maas.restart((state) => {
      state.site.racks.push({ system_id: 'rck002', hostname: 'maas-two', interfaces: [] });
    });
    const site = (dhcp: object) => ({
      subnets: [
        {
          cidr: '192.168.1.0/24',
          ranges: [{ type: 'dynamic', start: '192.168.1.191', end: '192.168.1.254' }],
          dhcp,
        },
      ],
    });
    const fault: Fault = await maas.plan(site({})).catch((error) => error);
    expect(fault.message).toContain('which rack controller should serve DHCP?');
    expect(fault.hint).toBe('Accepted: rack: maas-vm, rack: maas-two.');
    const racks = async () => {
      const { primary_rack, secondary_rack } = await maas.get('fabrics/0/vlans/0/');
      return [primary_rack, secondary_rack];
    };
    const steps = [
      [{ rack: 'maas-vm', secondary_rack: 'rck002' }, ['rck001', 'rck002']],
      [{ rack: 'maas-two', secondary_rack: 'maas-vm' }, ['rck002', 'rck001']],
      [{}, ['rck002', 'rck001']],
    ] as const;
    for (const [dhcp, there] of steps) {
      await maas.apply(site(dhcp));
      expect(await racks()).toEqual(there);
      expect(await maas.changes(site(dhcp))).toEqual([]);
    }
  });

  it('moves ranges past each other', async () => {
    const maas = await start();
    const site = (...ranges: [string, number, number][]) => ({
      subnets: [
        {
          cidr: '192.168.1.0/24',
          ranges: ranges.map(([type, start, end]) => ({
            type,
            start: `192.168.1.${start}`,
            end: `192.168.1.${end}`,
          })),
        },
      ],
      prune: ['ranges'],
    });
    const steps = [
      site(['reserved', 10, 20], ['dynamic', 30, 40]),
      site(['dynamic', 15, 35], ['reserved', 36, 50]),
      site(['reserved', 10, 30], ['dynamic', 31, 60]),
      site(['dynamic', 10, 30], ['reserved', 31, 60], ['reserved', 70, 80]),
      site(['dynamic', 5, 200]),
    ];
    for (const step of steps) {
      await maas.apply(step);
      expect(await maas.changes(step)).toEqual([]);
    }
  });

  it('deletes what a pruned section does not name, and nothing of other sections', async () => {
    const maas = await start();
    await maas.apply({
      ...GUIDE,
      zones: [{ name: 'a' }, { name: 'b' }],
      pools: [{ name: 'p' }],
      spaces: [{ name: 's' }],
      fabrics: [{ name: 'f', vlans: [{ vid: 3 }, { vid: 4 }] }, { name: 'g' }],
    });
    const site = {
      zones: [{ name: 'a' }],
      pools: [],
      spaces: [],
      tags: [],
      ssh_keys: [{ import: 'gh:someone' }],
      domains: [{ name: 'deepops.local' }],
      boot_sources: [
        { url: 'http://images.maas.io/ephemeral-v3/stable/', selections: [{ release: 'jammy' }] },
      ],
      fabrics: [{ name: 'f', vlans: [{ vid: 3 }] }, { name: 'fabric-0' }, { name: 'fabric-1' }],
      prune: [
        'zones',
        'spaces',
        'tags',
        'ssh_keys',
        'domains',
        'fabrics',
        'vlans',
        'selections',
        'boot_sources',
      ],
    };
    await maas.apply(site);
    expect(await maas.changes(site)).toEqual([]);
    const names = async (path: string) =>
      (await maas.get(path)).map(({ name }: { name: string }) => name).sort();
    expect(await names('zones/')).toEqual(['a', 'default']);
    expect(await names('resourcepools/')).toEqual(['default', 'p']);
    expect(await names('tags/')).toEqual([]);
    expect(await names('domains/')).toEqual(['deepops.local']);
    expect(await names('fabrics/')).toEqual(['f', 'fabric-0', 'fabric-1']);
    expect(await maas.get('boot-sources/1/selections/')).toMatchObject([{ release: 'jammy' }]);
    expect(await maas.get('account/prefs/sshkeys/')).toMatchObject([{ keysource: 'gh:someone' }]);
    expect(
      (await maas.get('fabrics/')).find(({ name }: { name: string }) => name === 'f').vlans,
    ).toHaveLength(2);
  });

  it('does not delete a range in its way that nobody named: it asks', async () => {
    const maas = await start();
    await maas.client.post('ipranges/', {
      type: 'reserved',
      start_ip: '192.168.1.10',
      end_ip: '192.168.1.20',
    });
    await maas.client.post('ipranges/', {
      type: 'reserved',
      start_ip: '192.168.1.30',
      end_ip: '192.168.1.40',
    });
    const fault: Fault = await maas
      .apply({
        subnets: [
          {
            cidr: '192.168.1.0/24',
            ranges: [{ type: 'dynamic', start: '192.168.1.15', end: '192.168.1.35' }],
          },
        ],
      })
      .catch((error) => error);
    expect(fault.message).toContain(
      'overlaps with 192.168.1.30-192.168.1.40, which is in MAAS and not in the file',
    );
    expect(fault.hint).toContain('prune: [ranges]');
  });

  it('does not take the last range of a DHCP that stays on', async () => {
    const maas = await start();
    await maas.apply(GUIDE);
    const bare = { cidr: '192.168.1.0/24', ranges: [] };
    const fault: Fault = await maas.apply({ subnets: [bare], prune: ['ranges'] }).catch((error) => error);
    expect(fault.message).toContain('the DHCP of VLAN fabric-0/untagged would have no dynamic range');
    expect(fault.where).toMatchObject({ line: 2 });
    const off = { subnets: [{ ...bare, dhcp: { enabled: false } }], prune: ['ranges'] };
    await maas.apply(off);
    expect(await maas.changes(off)).toEqual([]);
  });

  it('says in whose name MAAS refuses', async () => {
    const maas = await start();
    const fault: Fault = await maas
      .apply({
        region: { default_series: 'noble' },
        subnets: [
          { cidr: '192.168.1.0/24', ranges: [{ type: 'dynamic', start: '192.168.1.1', end: '192.168.1.9' }] },
        ],
      })
      .catch((error) => error);
    expect(fault).toMatchObject({ code: 'MAAS_REFUSED' });
    expect(fault.message).toBe(
      'subnets[0].ranges[0].start (dynamic range 192.168.1.1-192.168.1.9 of 192.168.1.0/24): MAAS reports: Requested dynamic range conflicts with an existing IP address or range.',
    );
    expect(fault.where).toMatchObject({ file: 'site.yaml', line: 7, column: 16 });
  });

  /** A part of a file, what MAAS answers to it, the place and the key that are named. */
  const REFUSED_KEYS: [string, Record<string, string[]>, string, string][] = [
    [
      'region:\n  proxy:\n    mode: external\n    url: http://proxy.example:3128/',
      { http_proxy: ['Enter a valid URL.'] },
      '4:10',
      'region.proxy.url',
    ],
    ['region:\n  proxy: {mode: none}', { enable_http_proxy: ['x'] }, '2:17', 'region.proxy.mode'],
    ['region: {ntp_servers: [a]}', { ntp_servers: ['x'] }, '1:23', 'region.ntp_servers'],
    ['region: {name: m}', { maas_name: ['x'] }, '1:16', 'region.name'],
    ['region: {kernel_options: q}', { kernel_opts: ['x'] }, '1:26', 'region.kernel_options'],
    ['region: {storage_layout: vmfs7}', { default_storage_layout: ['x'] }, '1:26', 'region.storage_layout'],
    ['region: {upstream_dns: [1.1.1.1]}', { upstream_dns: ['x'] }, '1:24', 'region.upstream_dns'],
    ['zones:\n  - name: z', { name: ['x'] }, '2:11', 'zones[0].name'],
    ['pools: [{name: p, description: d}]', { description: ['x'] }, '1:32', 'pools[0].description'],
    ['tags: [{name: t, kernel_options: k}]', { kernel_opts: ['x'] }, '1:34', 'tags[0].kernel_options'],
    ['tags: [{name: t, definition: "//a"}]', { definition: ['x'] }, '1:30', 'tags[0].definition'],
    ['domains: [{name: d.example, ttl: 5}]', { ttl: ['x'] }, '1:34', 'domains[0].ttl'],
    [
      'subnets: [{cidr: 192.168.1.0/24, gateway: 192.168.1.9}]',
      { gateway_ip: ['x'] },
      '1:43',
      'subnets[0].gateway',
    ],
    [
      'subnets: [{cidr: 192.168.1.0/24, dns_servers: [1.1.1.1]}]',
      { __all__: ['x'] },
      '1:47',
      'subnets[0].dns_servers',
    ],
    ['ssh_keys: [{import: "gh:me"}]', { protocol: ['x'] }, '1:21', 'ssh_keys[0].import'],
    ['fabrics: [{name: f, vlans: [{vid: 5, mtu: 900}]}]', { mtu: ['x'] }, '1:43', 'fabrics[0].vlans[0].mtu'],
  ];
  it.each(REFUSED_KEYS)(
    'names the key that MAAS refuses, and where it is: %s',
    async (text, body, place, key) => {
      const maas = await start();
      const plan = await maas.plan(text);
      // Fabrics are made before their VLANs; of what is refused it is the last.
      const changes = plan.changes.slice(-1);
      const refuse = async () => {
        throw explainMaasError('POST maas/?op=set_config', 400, JSON.stringify(body), null);
      };
      const client = Object.assign(Object.create(maas.client), {
        call: refuse,
        post: refuse,
        update: refuse,
      });
      if (text.startsWith('fabrics')) await maas.client.post('fabrics/', { name: 'f' });
      const again = text.startsWith('fabrics') ? await maas.plan(text) : { ...plan, changes };
      const fault: Fault = await applyPlan(again, {
        client,
        emit: () => {},
        signal: new AbortController().signal,
      }).catch((error) => error);
      expect(fault.where && `${fault.where.file}:${fault.where.line}:${fault.where.column}`).toBe(
        `site.yaml:${place}`,
      );
      expect(fault.message).toContain(`${key} (`);
      expect(fault.message).toContain(Object.values(body)[0]?.[0]);
    },
  );

  it('names the place of a release that was not imported', async () => {
    const maas = await start();
    const fault: Fault = await maas.apply('region:\n  default_series: noble').catch((error) => error);
    expect(fault.message).toMatch(
      /^region\.default_series \(region\): MAAS reports: 'noble' is not a valid release/,
    );
    expect(fault.where).toMatchObject({ line: 2, column: 19 });
  });

  it('changes a pool and deletes it, at the address that MAAS has of one', async () => {
    const maas = await start();
    await maas.apply({ pools: [{ name: 'ai', description: 'a' }] });
    const asked = await maas.requestsOf(async () => {
      await maas.apply({ pools: [{ name: 'ai', description: 'b' }] });
      await maas.apply({ pools: [], prune: ['pools'] });
    });
    expect(
      asked.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`),
    ).toEqual(['PUT /MAAS/api/2.0/resourcepool/1/', 'DELETE /MAAS/api/2.0/resourcepool/1/']);
    expect(await maas.get('resourcepools/')).toMatchObject([{ name: 'default' }]);
  });

  it('sets a proxy with a password that nothing shows', async () => {
    const maas = await start();
    const secret = 'pass:w@rd/1';
    const site = {
      region: {
        proxy: {
          mode: 'peer',
          url: 'http://proxy.example:3128',
          username: 'u',
          password: { environment: 'PW' },
        },
      },
    };
    const plan = await maas.apply(site, { PW: secret });
    expect(planText(plan.changes, paint(false))).toContain(
      'proxy: builtin -> peer http://u:***@proxy.example:3128/',
    );
    expect(await maas.get('maas/?op=get_config&name=http_proxy')).toBe(
      `http://u:${encodeURIComponent(secret)}@proxy.example:3128/`,
    );
    expect(await maas.changes(site, { PW: secret })).toEqual([]);
    expect(await maas.changes(site, { PW: 'another one' })).toMatchObject([
      { fields: [{ to: expect.stringContaining('(another password)') }] },
    ]);
    await maas.apply({ region: { proxy: { mode: 'builtin' } } });
    expect(await maas.get('maas/?op=get_config&name=enable_http_proxy')).toBe(true);
    expect(JSON.stringify(maas.events)).not.toMatch(/w(@|%40)rd/);
  });
});
