import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDisk } from '../../../pipeline/image/disk/disk-file.ts';
import { findRoot } from '../../../pipeline/image/disk/find-root.ts';
import { runOk } from '../process/run-tool.ts';

const dir = mkdtempSync(join(tmpdir(), 'foreign-disks-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const at = (name: string) => join(dir, name);
const { signal } = new AbortController();
const MB = 1 << 20;
const SBIN = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

function blank(name: string, bytes: number): string {
  writeFileSync(at(name), '');
  truncateSync(at(name), bytes);
  return at(name);
}

/** A disk with partitions of 8 MB from these files. */
async function disk(name: string, ...parts: Buffer[]): Promise<void> {
  const path = blank(name, (2 + 8 * parts.length + 1) * MB);
  const rows = parts.map((_, i) => `start=${(1 + 8 * i) * 2048},size=${8 * 2048}\n`).join('');
  await runOk(['sfdisk', '-q', path], { input: `label: gpt\n${rows}`, env: SBIN });
  const whole = readFileSync(path);
  for (const [i, part] of parts.entries()) part.copy(whole, (1 + 8 * i) * MB);
  writeFileSync(path, whole);
}

/** Superblocks that only a kernel with devices writes, by the layout that libblkid reads; its answer is asked in the test. */
function magic(...marks: [number, string | Buffer][]): Buffer {
  const bytes = Buffer.alloc(8 * MB);
  for (const [offset, mark] of marks) Buffer.from(mark as string).copy(bytes, offset);
  return bytes;
}

beforeAll(async () => {
  const ext4 = async (name: string, files: string[]) => {
    for (const file of files) {
      mkdirSync(join(at(`tree-${name}`), file, '..'), { recursive: true });
      writeFileSync(join(at(`tree-${name}`), file), 'x');
    }
    await runOk(['mkfs.ext4', '-q', '-F', '-d', at(`tree-${name}`), at(name), '8M'], { env: SBIN });
    return readFileSync(at(name));
  };
  const root = await ext4('root', ['etc/os-release', 'usr/bin/x']);
  const boot = await ext4('boot', [
    'vmlinuz-5.4.0-52-generic',
    'initrd.img-5.4.0-52-generic',
    'grub/grub.cfg',
  ]);
  const home = await ext4('home', ['alice/notes']);
  await runOk(['mkswap', '-q', blank('swap', 8 * MB)], { env: SBIN });
  await runOk(['mkfs.vfat', blank('vfat', 8 * MB)], { env: SBIN });
  const swap = readFileSync(at('swap'));
  const vfat = readFileSync(at('vfat'));
  const luks = magic(
    [0, Buffer.from('4c554b53babe0001', 'hex')],
    [8, 'aes'],
    [40, 'xts-plain64'],
    [72, 'sha256'],
    [168, '11111111-2222-3333-4444-555555555555'],
  );
  writeFileSync(at('luks'), luks);
  await disk('boot-alone', vfat, boot);
  await disk('boot-and-luks', vfat, boot, luks);
  await disk('home-and-swap', home, swap);
  await disk('root-second', boot, root, swap);
  for (const format of ['vmdk', 'vdi', 'vhdx', 'vpc', 'qed', 'parallels'])
    await runOk([
      'qemu-img',
      'convert',
      '-q',
      '-f',
      'raw',
      '-O',
      format,
      at('root-second'),
      at(`disk.${format}`),
    ]);
  await runOk([
    'qemu-img',
    'convert',
    '-q',
    '-f',
    'raw',
    '-O',
    'vpc',
    '-o',
    'subformat=fixed',
    at('root-second'),
    at('fixed.vhd'),
  ]);
  await runOk(['xorriso', '-as', 'mkisofs', '-quiet', '-o', at('medium.iso'), at('tree-root')]);
  await runOk(['tar', '-C', at('tree-root'), '-cf', at('root.tar'), '.']);
  writeFileSync(at('disk.gz'), gzipSync(readFileSync(at('root-second')), { level: 1 }));
  writeFileSync(at('page'), '<html>404</html>');
  writeFileSync(at('nothing'), '');
}, 120_000);

test.each([
  ['disk.vmdk', /is a VMDK disk/, /qemu-img convert -f vmdk/],
  ['disk.vdi', /is a VDI disk/, /-f vdi/],
  ['disk.vhdx', /is a VHDX disk/, /-f vhdx/],
  ['disk.vpc', /is a VHD disk/, /-f vpc/],
  ['fixed.vhd', /is a VHD disk/, /-f vpc/],
  ['disk.qed', /is a QED disk/, /-f qed/],
  ['disk.parallels', /is a Parallels disk/, /-f parallels/],
  ['medium.iso', /is an ISO 9660 medium/, /iso:/],
  ['disk.gz', /is gzip/, /gzip -dc FILE > DISK\.raw/],
  ['root.tar', /is a tar/, /validate/],
  ['page', /is a web page or XML/, /installed and shut down/],
  ['nothing', /is empty/, /installed and shut down/],
])('%s is named, with what to do', async (name, message, hint) => {
  await expect(openDisk(at(name))).rejects.toMatchObject({
    code: 'DISK_UNREADABLE',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
});

const find = async (name: string, partition?: number) => {
  const { path } = await openDisk(at(name));
  return findRoot(path, readFileSync(path).length, partition, signal);
};

test.each<[string, number | undefined, RegExp, RegExp]>([
  ['boot-alone', undefined, /no partition with a root/, /another disk or partition/],
  ['boot-alone', 2, /Partition 2 is not a root .* a separate \/boot: .*grub/, /another disk or partition/],
  ['boot-alone', 1, /Partition 1 .* FAT, such as an EFI partition/, /the disk that has the root/],
  ['boot-and-luks', undefined, /no partition with a root/, /cryptsetup open/],
  ['home-and-swap', undefined, /no partition with a root/, /the disk that has the root|root is ext4/],
  ['home-and-swap', 1, /ext4, no root file system: .*alice/, /root is ext4/],
  ['root-second', 3, /Partition 3 .* swap/, /contains no files/],
  ['root-second', 9, /no partition 9/, /--partition N/],
  ['luks', undefined, /The disk is not a root .* LUKS/, /cryptsetup open/],
  ['swap', undefined, /The disk is not a root .* swap/, /contains no files/],
  ['boot', undefined, /The disk is not a root .* a separate \/boot/, /another disk/],
])('%s, partition %s: refused by what is in it', async (name, partition, message, hint) => {
  const fault = await find(name, partition).then(
    (found) => found,
    (error) => error,
  );
  expect(fault).toMatchObject({
    code: 'DISK_UNREADABLE',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
  expect(`${fault.message}${fault.detail}`).not.toMatch(/did you specify|superblock|Bad magic/i);
});

/** The first bytes by which libblkid, which is run here, knows what only a kernel or a missing package makes. */
test.each<[string, string, Buffer, RegExp]>([
  ['Btrfs', 'btrfs', magic([65_600, '_BHRfS_M']), /mount -o ro/],
  ['F2FS', 'f2fs', magic([1024, Buffer.from('1020f5f201000d00', 'hex')]), /mount -o ro/],
  [
    'squashfs',
    'squashfs',
    magic([0, Buffer.from('68737173', 'hex')], [28, Buffer.from('0400', 'hex')]),
    /unsquashfs/,
  ],
])('a whole disk of %s is named', async (_, type, bytes, hint) => {
  writeFileSync(at('whole'), bytes);
  await expect(find('whole')).rejects.toMatchObject({
    code: 'DISK_UNREADABLE',
    message: expect.stringContaining(type),
    hint: expect.stringMatching(hint),
  });
});

test('a partition behind a /boot is found by its content, whatever the table calls it', async () => {
  expect(await find('root-second')).toMatchObject({ number: 2 });
  expect(await find('root')).toMatchObject({ number: null, offset: 0 });
});
