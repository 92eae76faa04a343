import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { DEMO, PROJECT } from '../../../scripts/iso/inputs.ts';

const read = (...names: string[]) => readFile(join(PROJECT, ...names), 'utf8');

test('the keystrokes of DGX OS 5 reach the kernel parameters of the second entry', async () => {
  const menu = await read('packer/demo/grub/grub.cfg');
  const entries = [...menu.matchAll(/^menuentry "([^"]+)" \{\n(.*)\n/gm)].map((match) => [
    match[1],
    match[2],
  ]);
  expect(entries.map(([title]) => title)).toEqual([
    'Boot Into Live Environment',
    'Install Demo',
    'Install Demo: Without Reformatting Data RAID',
    'Boot From Hard Disk',
  ]);
  // <down> chooses the second entry, e opens it, <down><down><end> goes to the end of its first line.
  expect(menu).toMatch(/^set default=0$/m);
  expect(entries[1]?.[1]).toMatch(/^\tlinux \/vmlinuz .*console=ttyS0/);
});

test('every platform has its configuration, its packages, and a place in the catalogue', async () => {
  const files = await readdir(join(DEMO, 'live/files/curtin'));
  const platforms = files.flatMap((name) => name.match(/^(.+)-curtin\.yaml$/)?.[1] ?? []).sort();
  const confs = await readdir(join(DEMO, 'live/files/curtin/platforms'));
  expect(confs.sort()).toEqual(platforms.map((name) => `${name}.conf`));
  expect(parse(await read('templates/releases/demo.yaml')).platforms.toSorted()).toEqual(platforms);
});

test('packages that platforms install are on the medium', async () => {
  const { repository } = JSON.parse(await read('packer/demo/packages.json'));
  const own = await readdir(join(DEMO, 'debs'));
  for (const name of await readdir(join(DEMO, 'live/files/curtin/platforms'))) {
    const line = (await read('packer/demo/live/files/curtin/platforms', name)).match(
      /^PACKAGES='(.*)'$/m,
    )?.[1];
    expect([...repository, ...own]).toEqual(expect.arrayContaining(line?.split(' ') ?? ['no PACKAGES']));
  }
});

test("the demo release's configuration has the shape of upstream's", async () => {
  const config = parse(await read('templates/curtin/demo/curtin.yaml'));
  expect(config.stages).toEqual(['early', 'partitioning', 'network', 'extract', 'late']);
  expect(config.install.umount).toBe('disabled');
  expect(config.early_commands).toEqual({ '10_stop_ssh': ['systemctl', 'stop', 'ssh'] });
  const late = Object.keys(config.late_commands);
  expect(late.slice(-3)).toEqual(['92_set_root_pw', '93_start_ssh', '94_sleep']);
  expect(JSON.stringify(config.late_commands)).toContain('CHANGE_INSTALL_PKGS');
});

test('programs of the medium are executable', async () => {
  const programs = [
    'live/files/curtin/preseed.sh',
    'live/files/usr/bin/curtin',
    'initramfs/init',
    'specimens.sh',
  ];
  for (const name of [
    ...programs,
    'root/customize.sh',
    'live/customize.sh',
    'live/download.sh',
    'debs/demo-specimens/DEBIAN/postinst',
  ])
    expect((await stat(join(DEMO, name))).mode & 0o111, name).toBe(0o111);
});
