import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Host } from '../cli/host.ts';

const FILE = 'demo.tar.gz';

function host(env: Record<string, string> = {}): Host {
  const made = new Host(env);
  writeFileSync(join(made.dir, FILE), 'no archive');
  return made;
}

describe('rehearse', () => {
  test('without a curtin it ends with 4 and both commands that get one', async () => {
    const { code, stdout, stderr } = await host().run(['rehearse', FILE, '--base-image', 'ubuntu/focal']);
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toContain('CURTIN_MISSING');
    expect(stderr).toContain('git clone https://github.com/canonical/curtin');
    expect(stderr).toContain('apt-get download python3-curtin curtin-common');
  });

  test('a curtin that is not there is named', async () => {
    const { code, json } = await host({ DGXOS_MAAS_CURTIN: '/nowhere' }).run([
      ...['--json', 'rehearse', FILE, '--base-image', 'ubuntu/focal'],
    ]);
    expect([code, json.error.code]).toEqual([4, 'CURTIN_MISSING']);
    expect(json.error.message).toContain('/nowhere');
  });

  test.each([
    [[FILE], '--base-image'],
    [[FILE, '--base-image', 'focal'], 'os/series'],
    [[FILE, '--base-image', 'debian/bookworm'], 'os/series'],
    [['https://example.com/x.tar.gz', '--base-image', 'ubuntu/focal'], 'a URL'],
    [['-', '--base-image', 'ubuntu/focal'], 'stdin'],
    [[FILE, '--base-image', 'ubuntu/focal', '--layout', 'zfs'], 'flat, lvm, raid1'],
    [[FILE, '--base-image', 'ubuntu/focal', '--layout', 'flat', 'zfs'], 'flat, lvm, raid1'],
    [[FILE, '--base-image', 'ubuntu/focal', '--ephemeral', 'kernel=/nowhere'], 'kernel=FILE'],
    [[FILE, '--base-image', 'ubuntu/focal', '--ephemeral', 'constructor=x,kernel=a,initrd=b'], 'kernel=FILE'],
    [[FILE, '--base-image', 'ubuntu/focal', '--accelerator', 'xen'], 'auto, kvm, tcg'],
    [[FILE, '--base-image', 'ubuntu/focal', '--until', 'booted'], 'accepted, deployed'],
    [[FILE, '--base-image', 'ubuntu/focal', '--memory', '100M'], '1G or more'],
    [[FILE, '--base-image', 'ubuntu/focal', '--memory', '-3G'], '1G or more'],
    [[FILE, '--base-image', 'ubuntu/focal', '--disks', '0'], '1 to 16'],
    [[FILE, '--base-image', 'ubuntu/focal', '--disks', '1e9'], '1 to 16'],
    [[FILE, '--base-image', 'ubuntu/focal', '--disk-size', '1G'], '4G or more'],
    [[FILE, '--base-image', 'ubuntu/focal', '--kernel-options', 'a"b'], 'quotation'],
    [[FILE, '--base-image', 'ubuntu/focal', '--kernel-options', 'a\nb'], 'ASCII'],
    [[FILE, '--base-image', 'ubuntu/focal', '--curtin', 'version=23.1'], 'mirror and suite'],
    [[FILE, '--base-image', 'ubuntu/focal', '--curtin', 'http://m/p.deb'], '#sha256='],
    [[FILE, '--base-image', 'ubuntu/focal', '--curtin', 'a', 'b'], 'a list of .deb files'],
    [[FILE, '--base-image', 'ubuntu/focal', '--reboots', '-1'], '0 to 20'],
    [[FILE, '--base-image', 'ubuntu/focal', '--reboots', '21'], '0 to 20'],
    [[FILE, '--base-image', 'ubuntu/focal', '--power-cut', '10'], 'such as 10s'],
    [[FILE, '--base-image', 'ubuntu/focal', '--power-cut', '2h'], 'up to an hour'],
    [[FILE, '--base-image', 'ubuntu/focal', '--redeploy', 'zfs'], 'same, flat, lvm, raid1'],
    [[FILE, '--base-image', 'ubuntu/focal', '--redeploy', 'flat,lvm'], 'same, flat, lvm, raid1'],
    [[FILE, '--base-image', 'ubuntu/focal', '--redeploy', 'flat', ''], 'same, flat, lvm, raid1'],
    [[FILE, '--base-image', 'ubuntu/focal', '--shell', '--redeploy', 'same'], 'one deployment'],
  ])('%j is a usage error', async (args, said) => {
    const { code, stdout, stderr } = await host().run(['rehearse', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.replace(/\s+/g, ' ')).toContain(said);
  });

  test('an image that is not built is named with the command that builds it', async () => {
    const made = host();
    const { code, stderr } = await made.run(['rehearse', 'dgx1', '--base-image', 'ubuntu/focal']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/dgx1/);
  });
});

test('prune --cache deletes what rehearsals keep, but not what one uses', async () => {
  const made = host();
  const cache = join(made.dir, 'cache', 'dgxos-maas');
  const names = ['ephemerals/aa', 'curtins/dd', 'rehearsals/bb', 'rehearsals/cc'];
  const [ephemeral, curtin, over, used] = names.map((name) => join(cache, name));
  for (const folder of [ephemeral!, curtin!, over!, used!]) mkdirSync(folder, { recursive: true });
  const { hostname } = await import('node:os');
  writeFileSync(join(used!, 'holder.json'), JSON.stringify({ pid: process.pid, host: hostname() }));
  const dry = await made.run(['prune', '--cache', '--dry-run', '--json']);
  expect(dry.json.rehearsals).toEqual([ephemeral, curtin, over]);
  expect(existsSync(ephemeral!)).toBe(true);
  expect((await made.run(['prune', '--cache'])).code).toBe(0);
  expect([ephemeral, curtin, over, used].map((folder) => existsSync(folder!))).toEqual([
    ...[false, false, false, true],
  ]);
});
