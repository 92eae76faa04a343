import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RehearsalHost } from './rehearsal-host.ts';

const FILE = 'image.tar.gz';
const SECRET = 'S3cretOfTheNode4567890123456789ab';

let host: RehearsalHost;
beforeEach(() => {
  host = new RehearsalHost();
  host.config('http://maas.example:5240/MAAS');
  writeFileSync(join(host.dir, FILE), 'no archive');
});
afterEach(() => host.remove());

const rehearse = (...flags: string[]) =>
  host.run(['rehearse', FILE, '--base-image', 'ubuntu/focal', ...flags]);
const read = (name: string) => readFileSync(join(host.dir, name), 'utf8');

describe('rehearse', () => {
  it('rehearses each layout, with one table at the end and the reports asked for', async () => {
    const ran = await rehearse('--layout', 'flat', 'raid1', '--junit', 'r.xml', '--markdown', 'r.md');
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/\n\nflat {3}deployed {2}[\d.]+ s\nraid1 {2}deployed {2}[\d.]+ s\n$/);
    expect(host.machines()).toBe(2);
    expect(read('r.xml')).toContain('<testsuite name="layout raid1" tests="6" failures="0"');
    expect(read('r.md')).toContain('| ✅ deployed | `raid1` |');
  });

  it('ends with the worst of them', async () => {
    host.guest('FAIL', 'tar: Unexpected EOF <b>');
    const ran = await rehearse('--json', '--layout', 'flat,lvm', '--junit', 'r.xml', '--markdown', 'r.md');
    expect(ran.code).toBe(6);
    expect(ran.json).toMatchObject({ ok: false, rehearsals: [{ ok: false }, { ok: false }], failed: [] });
    expect(read('r.xml')).toContain('name="extract"');
    expect(read('r.xml')).toContain('Unexpected EOF &lt;b&gt;');
    expect(read('r.md')).toContain('## ❌ Rehearsal');
  });

  it('writes no report where it cannot, before any machine runs', async () => {
    expect(await rehearse('--junit', `${FILE}/r.xml`)).toMatchObject({ code: 2 });
    expect(host.machines()).toBe(0);
  });
});

describe('--shell', () => {
  it.each([
    [['--json', '--until', 'accepted'], '--json'],
    [['--until', 'deployed'], '--until deployed'],
    [['--until', 'accepted', '--layout', 'flat', 'lvm'], 'one layout'],
  ])('is refused with %j, before any machine runs', async (flags, said) => {
    const ran = await rehearse('--shell', ...flags);
    expect(ran.code).toBe(2);
    expect(ran.stderr + ran.stdout).toContain(said);
    expect(host.machines()).toBe(0);
  });
});

const realMachine = (boot = 'boot') => `network:
  version: 2
  ethernets: { ens1: { match: { macaddress: "0c:42:a1:00:00:01" }, addresses: [10.20.0.77/24] } }
reporting:
  maas: { type: webhook, endpoint: "http://10.20.0.5:5240/MAAS/metadata/status/abc", consumer_key: Cons1umerKey234567, token_key: TokenKey2345678901, token_secret: ${SECRET} }
late_commands:
  20_site: [sh, -c, "wget http://10.20.0.5:5240/MAAS/x?key=${SECRET}"]
---
storage:
  version: 1
  config:
  - { id: nvme0n1, type: disk, ptable: gpt, serial: S64GNE0N1, model: SAMSUNG, grub_device: true }
  - { id: esp, type: partition, device: nvme0n1, size: 536870912B, flag: ${boot}, number: 1 }
  - { id: root, type: partition, device: nvme0n1, size: 1919850381312B, number: 2 }
  - { id: esp_format, type: format, fstype: fat32, volume: esp }
  - { id: root_format, type: format, fstype: ext4, volume: root }
  - { id: root_mount, type: mount, path: /, device: root_format }
  - { id: esp_mount, type: mount, path: /boot/efi, device: esp_format }
`;

describe('--redeploy', () => {
  it('deploys again on the used disks; each deployment is a result named after what was on them', async () => {
    const flags = ['--layout', 'lvm', '--redeploy', 'same', 'flat', '--junit', 'r.xml', '--markdown', 'r.md'];
    const ran = await rehearse('--json', ...flags);
    expect(ran.code, ran.stderr).toBe(0);
    expect(
      ran.json.rehearsals.map((one: { layout: string; after: string[] }) => [one.layout, one.after]),
    ).toEqual([
      ['lvm', []],
      ['lvm', ['lvm']],
      ['flat', ['lvm', 'lvm']],
    ]);
    expect(host.machines()).toBe(3);
    expect(read('r.xml')).toContain('<testsuite name="layout flat after lvm, lvm" tests="6" failures="0"');
    expect(read('r.md')).toContain('| ✅ deployed | `lvm after lvm` |');
    expect(ran.stderr).toMatch(
      /the machine is released, and deployed again on the disks that it has used: layout\s+flat/,
    );
  });

  it('ends at the first that fails', async () => {
    host.guest('FAIL', 'tar: Unexpected EOF');
    const ran = await rehearse('--redeploy', 'same', 'lvm');
    expect(ran.code).toBe(6);
    expect(host.machines()).toBe(1);
  });

  it('a fault of the host is that of the deployment under way, and leaves the results before it', async () => {
    host.breaksAt(2);
    const ran = await rehearse(
      '--json',
      '--redeploy',
      'same',
      'lvm',
      '--junit',
      'r.xml',
      '--markdown',
      'r.md',
    );
    expect(ran).toMatchObject({
      code: 75,
      json: {
        ok: false,
        rehearsals: [{ ok: true, layout: 'flat', after: [] }],
        failed: [{ layout: 'flat', after: ['flat'], code: 'REHEARSAL_STOPPED' }],
      },
    });
    expect(read('r.xml')).toContain(
      '<testsuite name="layout flat after flat" tests="1" failures="0" errors="1"',
    );
    expect(read('r.md')).toContain('| ⚠️ no result | `flat after flat` |');
  });

  it('of several layouts it follows each', async () => {
    const ran = await rehearse('--layout', 'flat', 'raid1', '--redeploy', 'same');
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(
      /\nflat after flat {4}deployed .*\nraid1 {14}deployed .*\nraid1 after raid1 {2}deployed .*\n$/,
    );
  });

  it('a layout file that is not there is named, before any machine runs', async () => {
    const ran = await rehearse('--redeploy', 'same', 'none.yaml');
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('none.yaml');
    expect(host.machines()).toBe(0);
  });

  it('a layout file with the name of another layout is refused, before any machine runs', async () => {
    writeFileSync(join(host.dir, 'flat.yaml'), 'storage: { version: 1, config: [] }');
    const ran = await rehearse('--redeploy', 'flat.yaml');
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('Two layouts have the name flat');
    expect(host.machines()).toBe(0);
  });

  it('`same` is what a real machine had', async () => {
    writeFileSync(join(host.dir, 'gpu-001.yaml'), realMachine());
    const ran = await rehearse('--json', '--curtin-config', 'gpu-001.yaml', '--redeploy', 'same', 'flat');
    expect(ran.code, ran.stderr).toBe(0);
    const file = join(host.dir, 'gpu-001.yaml');
    expect(ran.json.rehearsals.map(({ layout }: { layout: string }) => layout)).toEqual([file, file, 'flat']);
    const written = host.written([file]) + host.said;
    for (const real of [SECRET, 'TokenKey2345678901', 'S64GNE0N1']) expect(written).not.toContain(real);
  });
});

describe('--curtin-config', () => {
  it('deploys as on a real machine, says every replacement, and writes its keys nowhere', async () => {
    writeFileSync(join(host.dir, 'gpu-001.yaml'), realMachine());
    const ran = await rehearse('--curtin-config', 'gpu-001.yaml');
    expect(ran.code, ran.stderr).toBe(0);
    const said = ran.stderr.replace(/\s+/g, ' ');
    expect(said).toContain(
      'storage: disk nvme0n1: serial, model and path of the real machine are those of virtual disks',
    );
    expect(said).toContain('storage: root: 1.9 TB become 69 GB');
    expect(said).toContain('late_commands: 1 key and 1 URL of the real MAAS are those of the rehearsal');
    expect(ran.stdout).toContain('layout gpu-001');
    const written = host.written([join(host.dir, 'gpu-001.yaml')]) + host.said;
    for (const real of [SECRET, 'TokenKey2345678901', 'S64GNE0N1']) expect(written).not.toContain(real);
  });

  it('a storage that no rehearsal has is named with line and column, before any machine runs', async () => {
    writeFileSync(join(host.dir, 'gpu-001.yaml'), realMachine('bios_grub'));
    const ran = await rehearse('--json', '--curtin-config', 'gpu-001.yaml');
    expect(ran).toMatchObject({ code: 3, json: { error: { code: 'CONFIG_INVALID' } } });
    expect(ran.json.error.where).toEqual({ file: 'gpu-001.yaml', line: 13, column: 74 });
    expect(ran.json.error.message).toContain('boots by BIOS');
    expect(host.machines()).toBe(0);
  });

  it.each([
    [['--curtin-config', 'none.yaml'], 3, 'There is no file none.yaml'],
    [['--curtin-config', 'none.yaml', '--layout', 'flat'], 2, 'Leave one of them out'],
  ])('%j is refused', async (flags, code, said) => {
    const ran = await rehearse(...flags);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(said);
  });
});
