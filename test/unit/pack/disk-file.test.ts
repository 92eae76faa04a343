import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDisk } from '../../../pipeline/image/disk/disk-file.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'disk-file-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A file of zeros with these marks. */
function disk(...marks: [at: number, mark: string][]): string {
  const bytes = Buffer.alloc(70_000);
  for (const [at, mark] of marks) bytes.write(mark, at, 'latin1');
  writeFileSync(join(dir, 'disk'), bytes);
  return join(dir, 'disk');
}

test.each<[string, [number, string][]]>([
  ['with an MBR', [[510, '\x55\xaa']]],
  ['with a GPT', [[512, 'EFI PART']]],
  ['that is one ext4', [[1080, '\x53\xef']]],
  ['of nothing that is known', [[0, '\x01\x02']]],
])('a disk %s is raw', async (_, marks) => {
  const path = disk(...marks);
  expect(await openDisk(path)).toEqual({ path, format: 'raw' });
});

test('a qcow2 is known by its magic, and a link is followed', async () => {
  const path = disk([0, 'QFI\xfb']);
  symlinkSync(path, join(dir, 'link'));
  expect(await openDisk(join(dir, 'link'))).toEqual({ path, format: 'qcow2' });
});

const END = 70_000 - 512;

test.each<[string, [number, string], RegExp]>([
  ['a VMDK disk', [0, 'KDMV'], /^Convert it first: qemu-img convert -f vmdk -O qcow2/],
  ['a VHD disk of fixed size', [END, 'conectix'], /^Convert it first: qemu-img convert -f vpc /],
  ['gzip', [0, '\x1f\x8b'], /^Unpack it first: gzip -dc FILE/],
  ['lzop', [0, '\x89LZO\0\r\n\x1a\n'], /^Unpack it first: its tool FILE/],
  ['a tar', [257, 'ustar'], /^A tar of a root is packed already/],
  ['an ISO 9660 medium', [32_769, 'CD001'], /^An ISO installs a system/],
  ['a program', [0, '\x7fELF'], /^Use the disk of a machine/],
])('%s is refused by its name, with the remedy', async (name, mark, hint) => {
  const path = disk(mark);
  await expect(openDisk(path)).rejects.toMatchObject({
    code: 'DISK_UNREADABLE',
    message: `${path} is ${name}, not a raw or qcow2 disk`,
    hint: expect.stringMatching(hint),
  });
});

test.each<[string, (path: string) => unknown, string, (path: string) => string]>([
  ['a folder', (path) => mkdirSync(path), 'DISK_UNREADABLE', (path) => `${path} is not a regular file`],
  ['nothing', () => {}, 'DISK_UNREADABLE', (path) => `There is no file ${path}`],
  [
    'a link to itself',
    (path) => symlinkSync(path, path),
    'PATH_UNUSABLE',
    (path) => `The path leads through too many symbolic links while reading ${path} (ELOOP)`,
  ],
])('a path to %s is a fault', async (what, make, code, message) => {
  const path = join(dir, what);
  make(path);
  const fault = await openDisk(path).catch((error) => error);
  expect([fault.code, fault.message]).toEqual([code, message(path)]);
});
