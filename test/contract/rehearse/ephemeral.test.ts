import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { leanEphemeral } from '../../../pipeline/maas/rehearse/ephemeral.ts';

/** A stand-in of mmdebstrap: what its last hook would copy out, and a line for each call. */
const MMDEBSTRAP = (folder: string, exit: number) => `#!/bin/sh
printf '%s\\n' "$@" >"${folder}/argv"
echo call >>"${folder}/calls"
for word; do case $word in --customize-hook=copy-out*) out=\${word##* } ;; esac; done
for name in vmlinuz initrd filesystem.squashfs; do echo $name >"$out/$name"; done
exit ${exit}
`;

const { PATH } = process.env;
let folder: string;
const cache = () => join(folder, 'cache');
const make = (signal = new AbortController().signal) => leanEphemeral(cache(), () => {}, signal);

function standIn(exit = 0): void {
  const program = join(folder, 'mmdebstrap');
  writeFileSync(program, MMDEBSTRAP(folder, exit));
  chmodSync(program, 0o755);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ephemeral-'));
  standIn();
  process.env.PATH = `${folder}${delimiter}${PATH}`;
});
afterEach(() => {
  process.env.PATH = PATH;
});

test('it is made once, on a disk with the label that its kernel looks for', async () => {
  const first = await make();
  const again = await make();
  expect(again).toEqual(first);
  expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe('call\n');
  const disk = readFileSync(first.disk!);
  // ext4: its magic number, and its label (Linux, Documentation/filesystems/ext4/super.rst).
  expect(disk.readUInt16LE(1024 + 0x38)).toBe(0xef53);
  expect(disk.toString('latin1', 1024 + 0x78, 1024 + 0x78 + 16).replace(/\0+$/, '')).toBe('rehearsal');
  expect(readFileSync(first.kernel, 'utf8')).toBe('vmlinuz\n');
});

test('without cloud-init, with what curtin asks for', async () => {
  await make();
  const argv = readFileSync(join(folder, 'argv'), 'utf8').split('\n');
  const packages = argv
    .find((word) => word.startsWith('--include='))!
    .slice('--include='.length)
    .split(',');
  // Curtin's own list (curtin/deps/__init__.py of 23.1) without zfs, and what it ran or imported beyond it: apt-cache, deb822, sudo lshw.
  for (const name of [
    ...[
      'python3-yaml',
      'python3-oauthlib',
      'python3-pyudev',
      'python3-attr',
      'python3-packaging',
      'file',
      'lvm2',
    ],
    ...[
      'mdadm',
      'dosfstools',
      'btrfs-progs',
      'e2fsprogs',
      'f2fs-tools',
      'xfsprogs',
      'parted',
      'gdisk',
      'udev',
    ],
    ...['bcache-tools', 'open-iscsi', 'wget', 'apt', 'python3-debian', 'sudo', 'lshw'],
  ])
    expect(packages).toContain(name);
  expect(packages).not.toContain('cloud-init');
});

test('one that is not whole is made again; a making that fails leaves nothing', async () => {
  const { kernel } = await make();
  writeFileSync(join(kernel, '..', 'ephemeral.json'), '{"key":');
  standIn(25);
  await expect(make()).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  expect(readdirSync(join(cache(), 'ephemerals')).filter((name) => name.includes('partial'))).toEqual([]);
  standIn();
  expect((await make()).kernel).toBe(kernel);
  expect(statSync(join(kernel, '..', 'ephemeral.json')).size).toBeGreaterThan(60);
});

test('the remains of a killed making are removed by the next one; another one under way stays', async () => {
  const all = join(cache(), 'ephemerals');
  const [dead, living] = [join(all, 'k.partial-dead'), join(all, 'k.partial-living')];
  for (const [path, pid] of [
    [dead, 4_194_000],
    [living, process.pid],
  ] as const) {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'maker.json'), JSON.stringify({ pid, host: hostname() }));
  }
  await make();
  expect([existsSync(dead), existsSync(living)]).toEqual([false, true]);
});

test('its machine ends with the installer, however that ends', () => {
  const unit = readFileSync(
    join(import.meta.dirname, '../../../templates/rehearsal/files/etc/systemd/system/rehearsal.service'),
    'utf8',
  );
  // systemd 252 ignores SuccessAction in [Service]: the machine ran on after curtin had ended.
  expect(unit.split('[Service]')[0]).toMatch(/^FailureAction=poweroff-force\nSuccessAction=reboot-force$/m);
});

test('without mmdebstrap it is named', async () => {
  process.env.PATH = join(folder, 'empty');
  await expect(make()).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    hint: expect.stringContaining('mmdebstrap'),
  });
  expect(existsSync(join(cache(), 'ephemerals'))).toBe(true);
});
