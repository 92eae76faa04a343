import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { redact } from '../../../pipeline/core/secrets/registry.ts';
import { disksFor, storageConfig } from '../../../pipeline/maas/rehearse/layouts.ts';
import { parseMachineConfig } from '../../../pipeline/maas/rehearse/machine-config.ts';
import fc from '../../property.ts';

const TOKEN = {
  consumer_key: 'Cons1umerKey234567',
  token_key: 'TokenKey2345678901',
  token_secret: 'S3cretOfTheNode4567890123456789ab',
};
const MAAS = 'http://10.20.0.5:5240';

/** As `yaml.safe_dump` of `get_curtin_merged_config` (MAAS 3.6) writes it for a machine with two mirrored disks and a group on a third. */
const CONFIG = `apt:
  preserve_sources_list: false
  proxy: ${MAAS.replace('5240', '8000')}/
  sources_list: deb http://archive.ubuntu.com/ubuntu $RELEASE main
cloudconfig:
  maas-cloud-config:
    content: "#cloud-config\\ndatasource:\\n  MAAS: {consumer_key: ${TOKEN.consumer_key}, metadata_url: '${MAAS}/MAAS/metadata/', token_key: ${TOKEN.token_key}, token_secret: ${TOKEN.token_secret}}\\n"
    path: /etc/cloud/cloud.cfg.d/90_maas_cloud_config.cfg
  site:
    content: "site: [1]\\n"
    path: /etc/site.cfg
debconf_selections:
  grub2: grub2   grub2/update_nvram  boolean false
  maas: 'cloud-init   cloud-init/maas-metadata-credentials  string oauth_consumer_key=${TOKEN.consumer_key}&oauth_token_key=${TOKEN.token_key}&oauth_token_secret=${TOKEN.token_secret}'
grub:
  reorder_uefi: false
install:
  error_tarfile: /tmp/curtin-logs.tar
  log_file: /tmp/install.log
kernel-crash-dumps:
  enabled: false
late_commands:
  10_site:
  - curtin
  - in-target
  - --
  - sh
  - -c
  - wget ${MAAS}/MAAS/metadata/x?key=${TOKEN.token_secret} http://other.example/y
  98-validate-custom-image-has-cloud-init:
  - curtin
  99-validate-custom-image-has-netplan:
  - curtin
  maas:
  - wget
  - --no-proxy
  - ${MAAS}/MAAS/metadata/latest/by-id/abc123/
network:
  ethernets:
    ens1f0:
      addresses:
      - 10.20.0.77/24
      match:
        macaddress: 0c:42:a1:00:00:01
      mtu: 9000
      set-name: ens1f0
    ens1f1:
      match:
        macaddress: 0c:42:a1:00:00:02
  version: 2
network_commands:
  builtin:
  - curtin
  - net-meta
  - custom
partitioning_commands:
  builtin:
  - curtin
  - block-meta
  - custom
reporting:
  maas:
    consumer_key: ${TOKEN.consumer_key}
    endpoint: ${MAAS}/MAAS/metadata/status/abc123
    token_key: ${TOKEN.token_key}
    token_secret: ${TOKEN.token_secret}
    type: webhook
showtrace: true
storage:
  config:
  - { grub_device: true, id: nvme0n1, model: SAMSUNG MZ1LB1T9, name: nvme0n1, ptable: gpt, serial: S64GNE0N1, type: disk, wipe: superblock }
  - { id: nvme1n1, model: SAMSUNG MZ1LB1T9, name: nvme1n1, ptable: gpt, serial: S64GNE0N2, type: disk, wipe: superblock }
  - { id: sda, name: sda, path: /dev/disk/by-id/wwn-0x5, type: disk, wipe: superblock }
  - { device: nvme0n1, flag: boot, id: nvme0n1-part1, name: nvme0n1-part1, number: 1, offset: 4194304B, size: 536870912B, type: partition, uuid: 0d0e, wipe: superblock }
  - { device: nvme0n1, id: nvme0n1-part2, name: nvme0n1-part2, number: 2, size: 1919850381312B, type: partition, wipe: superblock }
  - { device: nvme1n1, id: nvme1n1-part1, name: nvme1n1-part1, number: 1, offset: 4194304B, size: 1919850381312B, type: partition, wipe: superblock }
  - { devices: [nvme0n1-part2, nvme1n1-part1], id: md0, name: md0, raidlevel: 1, spare_devices: [], type: raid }
  - { devices: [md0], id: vg0, name: vg0, type: lvm_volgroup, uuid: 1d0e }
  - { id: vg0-root, name: root, size: 1000000000000B, type: lvm_partition, volgroup: vg0 }
  - { id: vg0-data, name: data, size: 900000000000B, type: lvm_partition, volgroup: vg0 }
  - { fstype: fat32, id: nvme0n1-part1_format, label: efi, type: format, uuid: 2d0e, volume: nvme0n1-part1 }
  - { fstype: ext4, id: vg0-root_format, label: root, type: format, volume: vg0-root }
  - { fstype: ext4, id: vg0-data_format, label: data, type: format, volume: vg0-data }
  - { device: vg0-root_format, id: vg0-root_mount, path: /, type: mount }
  - { device: nvme0n1-part1_format, id: nvme0n1-part1_mount, path: /boot/efi, type: mount }
  - { device: vg0-data_format, id: vg0-data_mount, path: /data, type: mount }
  version: 1
verbosity: 3
`;

const identity = { origin: 'http://10.0.2.2:4321', systemId: 'our', images: 'i', hostname: 'h', mac: 'm' };
const keys = { consumerKey: 'OUR-CONSUMER', tokenKey: 'OUR-TOKEN', tokenSecret: 'OUR-SECRET' };

describe('the configuration of a real machine', () => {
  const read = parseMachineConfig(CONFIG, 'machine.yaml');
  const disks = disksFor(read.layout, 1, 16 * 2 ** 30);
  const { storage } = storageConfig(read.layout, disks) as { storage: { config: Record<string, unknown>[] } };
  const entry = (id: string) => storage.config.find((one) => one.id === id)!;

  it('has its disks by the serials of virtual ones, and by nothing else', () => {
    expect(disks.map(({ serial }) => serial)).toEqual(['rehearsal-1', 'rehearsal-2', 'rehearsal-3']);
    expect(entry('nvme0n1')).toEqual({
      ...{
        grub_device: true,
        id: 'nvme0n1',
        name: 'nvme0n1',
        ptable: 'gpt',
        type: 'disk',
        wipe: 'superblock',
      },
      serial: 'rehearsal-1',
    });
    expect(entry('sda')).toEqual({
      id: 'sda',
      name: 'sda',
      serial: 'rehearsal-3',
      type: 'disk',
      wipe: 'superblock',
    });
    expect(read.layout.mounts).toEqual(['/', '/boot/efi', '/data']);
  });

  it('has large partitions made smaller, and logical volumes that fit', () => {
    const bytes = (id: string) => Number(String(entry(id).size).replace('B', ''));
    expect(bytes('nvme0n1-part2')).toBe(64 * 2 ** 30);
    expect(bytes('nvme0n1-part1')).toBe(512 * 2 ** 20);
    const volumes = bytes('vg0-root') + bytes('vg0-data');
    expect(volumes).toBeLessThan(64 * 2 ** 30);
    expect(volumes).toBeGreaterThan(62 * 2 ** 30);
    expect(disks[0]!.bytes).toBeLessThan(66 * 2 ** 30);
  });

  it('keeps what is not MAAS’ own, with keys and servers of the rehearsal', () => {
    const more = read.more(identity, keys)!;
    expect(Object.keys(more).sort()).toEqual(['cloudconfig', 'grub', 'kernel-crash-dumps', 'late_commands']);
    expect(more.late_commands).toEqual({
      '10_site': [
        ...['curtin', 'in-target', '--', 'sh', '-c'],
        'wget http://10.0.2.2:4321/MAAS/metadata/x?key=OUR-SECRET http://other.example/y',
      ],
    });
    expect(Object.keys(more.cloudconfig as object)).toEqual(['site']);
    const text = stringify([more, storage]);
    for (const real of [...Object.values(TOKEN), MAAS, '0c:42:a1', 'S64GNE0N1', '10.20.0'])
      expect(text).not.toContain(real);
  });

  it('says every replacement, and no secret', () => {
    expect(read.replaced).toEqual([
      'storage: disks nvme0n1, nvme1n1, sda: serial, model and path of the real machine are those of virtual disks',
      'storage: nvme0n1-part2: 1.9 TB become 69 GB',
      'storage: nvme1n1-part1: 1.9 TB become 69 GB',
      expect.stringMatching(/^storage: vg0-root: 1\.0 TB become 36 GB$/),
      expect.stringMatching(/^storage: vg0-data: 900 GB become 32 GB$/),
      "network: one interface with DHCP in place of the real machine's (MAC addresses: 2, IP addresses: 1)",
      'those of the rehearsal: reporting, install, apt, verbosity, showtrace, cloudconfig.maas-cloud-config, debconf_selections.grub2, debconf_selections.maas, late_commands.98-validate-custom-image-has-cloud-init, late_commands.99-validate-custom-image-has-netplan, late_commands.maas',
      'late_commands: 1 key and 1 URL of the real MAAS are those of the rehearsal',
      'kept as they are otherwise: cloudconfig, grub, kernel-crash-dumps, late_commands',
    ]);
    expect(redact(`a ${TOKEN.token_secret} b`)).toBe('a *** b');
  });
});

describe('documents', () => {
  const sections = Object.entries(parse(CONFIG) as Record<string, unknown>);
  const each = sections.map(([name, value]) => stringify({ [name]: value }));

  it.each([
    ['separated by ---', each.join('---\n')],
    ['with a mark in front and comments', `# of a region\n---\n${each.join('\n---\n# next\n')}`],
    ['one after the other', `${each.join('')}late_commands: { 20_more: [x] }\n`],
    ['with the line ends of Windows', each.join('---\n').replaceAll('\n', '\r\n')],
  ])('%s are one configuration', (_, text) => {
    const read = parseMachineConfig(text, 'machine.yaml');
    const more = read.more(identity, keys)!;
    expect(read.layout.mounts).toEqual(['/', '/boot/efi', '/data']);
    expect(Object.keys(more.late_commands as object)).toContain('10_site');
  });

  it('put one after the other are merged as curtin merges them', () => {
    const text = `${CONFIG}late_commands: { 20_more: [x] }\ngrub: { reorder_uefi: true }\n`;
    const more = parseMachineConfig(text, 'machine.yaml').more(identity, keys)!;
    expect(Object.keys(more.late_commands as object).sort()).toEqual(['10_site', '20_more']);
    expect(more.grub).toEqual({ reorder_uefi: true });
  });

  it('keep their line numbers', () => {
    const before = 'verbosity: 3\n---\nshowtrace: true\n---\n';
    const text = before + CONFIG.replace('path: /boot/efi', 'path: /boot');
    expect(() => parseMachineConfig(text, 'm.yaml')).toThrow(
      expect.objectContaining({
        where: { file: 'm.yaml', line: CONFIG.split('\n').indexOf('  config:') + 5, column: 3 },
      }),
    );
  });
});

describe('storage that no machine of a rehearsal can have', () => {
  it.each([
    [
      'a BIOS',
      (text: string) => text.replace('flag: boot', 'flag: bios_grub'),
      'boots by BIOS',
      'flag: bios_grub',
    ],
    [
      'a file system of VMware',
      (text: string) => text.replace('type: raid', 'type: vmfs6'),
      'has no vmfs6',
      'type: vmfs6',
    ],
    [
      'data to preserve',
      (text: string) => text.replace('id: md0, ', 'id: md0, preserve: true, '),
      'preserved',
      'preserve: true',
    ],
    ['a volume on nothing', (text: string) => text.replace('[md0]', '[md7]'), 'md7', '[md7]'],
    ['no root', (text: string) => text.replace('path: /,', 'path: /srv,'), 'mounts no /', '  config:'],
  ])('%s is named with line and column', (_, change, said, there) => {
    const text = change(CONFIG);
    let fault: Fault | undefined;
    try {
      parseMachineConfig(text, 'machine.yaml');
    } catch (error) {
      fault = error as Fault;
    }
    expect(fault).toMatchObject({
      code: 'CONFIG_INVALID',
      exitCode: 3,
      message: expect.stringContaining(said),
    });
    const line = text.split('\n').findIndex((one) => one.includes(there)) + 1;
    expect(fault!.where).toMatchObject({ file: 'machine.yaml', line });
    expect(fault!.where!.column).toBeGreaterThan(0);
  });

  it.each([
    ['', 'no section `storage`'],
    ['storage: [\n', ''],
    ['- a\n', 'no section `storage`'],
    [`${'---\na: 1\n'.repeat(65)}`, '65 documents'],
  ])('%j is not the configuration of a machine', (text, said) => {
    expect(() => parseMachineConfig(text, 'm.yaml')).toThrow(said);
  });
});

describe('any text', () => {
  const pieces = CONFIG.split('\n');
  it('is a configuration or a fault', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom(...pieces),
            fc.constantFrom('---', '...', '\t', '<<: *a', '__proto__: {a: 1}', 'constructor: 1'),
            fc.string(),
          ),
          { maxLength: 60 },
        ),
        fc.nat(pieces.length),
        (lines, at) => {
          const text = [...pieces.slice(0, at), ...lines, ...pieces.slice(at)].join('\n');
          try {
            const read = parseMachineConfig(text, 'm.yaml');
            expect(stringify(read.more(identity, keys) ?? {})).not.toContain(TOKEN.token_secret);
          } catch (error) {
            expect(error).toBeInstanceOf(Fault);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
