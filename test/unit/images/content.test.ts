import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { checkContent } from '../../../pipeline/maas/images/content.ts';
import { setType, tarOf } from '../checks/root.ts';

const { signal } = new AbortController();
const KIND = 66 << 10;

/** The beginning of a disk with a GPT, or of something else. */
function start(at = 512, magic: string | Buffer = 'EFI PART', length = KIND): Buffer {
  const head = Buffer.alloc(length);
  head[0] = 1;
  Buffer.from(magic as string, 'latin1').copy(head, at);
  return head;
}
const DISK = start();
const tar = (content: Buffer | string, name = 'disk.img') => tarOf([{ name, content }]);

/** The code and hint of a refusal, the sentence of an acceptance, or null. */
async function said(content: Buffer, filetype: string): Promise<unknown> {
  const dir = mkdtempSync(join(tmpdir(), 'content-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'image');
  writeFileSync(file, content);
  return checkContent(file, filetype, signal).then(
    (sentence) => sentence?.replace(file, 'FILE') ?? null,
    ({ code, message, hint }) => [code, message.replace(file, 'FILE'), hint],
  );
}

/** A tar whose first member is of a type of its own, before one that is a disk. */
async function behind(type: string, size = 0): Promise<Buffer> {
  const first = await tarOf([{ name: 'first', content: Buffer.alloc(size) }]);
  setType(first, 0, type);
  return Buffer.concat([first.subarray(0, 512 + Math.ceil(size / 512) * 512), await tar(DISK)]);
}

/** A tar of one disk, whose member is of this type. */
async function typed(type: string): Promise<Buffer> {
  const whole = await tar(DISK);
  setType(whole, 0, type);
  return whole;
}

/** A tar of one sparse disk in GNU's PAX format 1.0, its map before the data. */
async function sparse(map: string, data: Buffer): Promise<Buffer> {
  const filled = Buffer.from(map.padEnd(Math.ceil(map.length / 512) * 512, '\0'));
  return tar(Buffer.concat([filled, data]), './GNUSparseFile.7/disk.img');
}

/** A disk as gzip writes it, behind a header that is filled up to `offset` by the name of the file. */
function gzipAt(offset: number): Buffer {
  const gzip = gzipSync(DISK);
  const name = Buffer.alloc(offset - 10, 'x');
  name[name.length - 1] = 0;
  const header = Buffer.from(gzip.subarray(0, 10));
  header[3] = 8;
  return Buffer.concat([header, name, gzip.subarray(10)]);
}
const MOST_READ = 8 << 20;

test.each<[string, () => Buffer | Promise<Buffer>, string, unknown]>([
  ['a disk', () => DISK, 'ddraw', null],
  ['a disk, packed', () => gzipSync(DISK), 'ddgz', null],
  ['a root', async () => gzipSync(await tar('x', 'etc/passwd')), 'tgz', null],
  ['a disk in a tar', () => tar(DISK), 'ddtar', null],
  ['a disk in a tar of before POSIX', () => typed('\0'), 'ddtar', null],
  ['a disk in a tar with holes of GNU', () => typed('S'), 'ddtar', null],
  ['a disk in a tar, packed', async () => gzipSync(await tar(DISK)), 'ddtgz', null],
  ['a disk behind global and extended headers', () => behind('g', 600), 'ddtar', null],
  ['a disk behind an extended header', () => behind('x', 512), 'ddtar', null],
  ['a disk behind a long name', () => behind('L', 300), 'ddtar', null],
  ['a disk behind a long link', () => behind('K', 300), 'ddtar', null],
  ['a disk in a tar with holes', () => sparse('1\n0\n66560\n', DISK), 'ddtar', null],
  ['a disk in a tar with many holes', () => sparse(`200\n${'0\n1\n'.repeat(200)}`, DISK), 'ddtar', null],
  [
    // The first 64 KiB of the file do not show the disk.
    'a disk behind a long extended header, packed',
    async () => gzipSync(await behind('x', 100_000), { level: 0 }),
    'ddtgz',
    null,
  ],
  ['a disk whose packed data begins late', () => gzipAt(MOST_READ - 100_000), 'ddgz', null],
  ['any file type that is not of an image', () => Buffer.from('x'), 'squashfs', null],
  [
    'a disk of which nothing is known',
    () => Buffer.alloc(16, 1),
    'ddraw',
    'FILE begins neither with a partition table nor with any other known data',
  ],
  [
    'one that is packed',
    () => gzipSync(Buffer.alloc(16, 1)),
    'ddgz',
    'FILE begins neither with a partition table nor with any other known data, compressed with gzip',
  ],
])('%s is accepted', async (_what, content, filetype, expected) => {
  expect(await said(await content(), filetype)).toEqual(expected);
});

const TYPE = (type: string) => `Its file type is ${type} (--filetype ${type}).`;
test.each<[string, () => Buffer | Promise<Buffer>, string, string, RegExp, string]>([
  [
    'a root behind a folder',
    async () => gzipSync(await behind('5')),
    'ddtgz',
    'USAGE',
    /is a tar of a root file system, compressed with gzip, and the file type ddtgz means a tar with a disk image in it, compressed with gzip/,
    TYPE('tgz'),
  ],
  [
    'a root whose first file begins like none',
    async () => gzipSync(await tar('x')),
    'ddtgz',
    'USAGE',
    /is a tar of a root/,
    TYPE('tgz'),
  ],
  [
    'a root whose first header is damaged',
    async () => {
      const bytes = await tar(DISK);
      bytes[3] = 7;
      return bytes;
    },
    'ddtar',
    'USAGE',
    /is a tar of a root/,
    'Compress it first with gzip, xz or bzip2: MAAS has no type for a plain tar of a root.',
  ],
  [
    'a map of holes without an end',
    () => sparse('9\n0\n', Buffer.alloc(512)),
    'ddtar',
    'USAGE',
    /is a tar of a root/,
    'Compress it first with gzip, xz or bzip2: MAAS has no type for a plain tar of a root.',
  ],
  [
    'a disk as a root',
    () => gzipSync(DISK),
    'tgz',
    'USAGE',
    /is a disk image, compressed with gzip, and/,
    TYPE('ddgz'),
  ],
  [
    'a disk as a packed disk',
    () => DISK,
    'ddgz',
    'USAGE',
    /is a disk image, and the file type ddgz means a disk image, compressed with gzip/,
    TYPE('ddraw'),
  ],
  [
    'a packed disk as a plain one',
    () => gzipSync(DISK),
    'ddraw',
    'USAGE',
    /means a disk image, not compressed/,
    TYPE('ddgz'),
  ],
  [
    'a disk in a tar as a root',
    async () => gzipSync(await tar(DISK)),
    'tgz',
    'USAGE',
    /is a tar with a disk image in it/,
    TYPE('ddtgz'),
  ],
  [
    'another format in a tar',
    () => tar(start(0, Buffer.from('514649fb', 'hex'))),
    'ddtar',
    'IMAGE_REJECTED',
    /contains a tar with a qcow2 disk, and/,
    'Convert it: qemu-img convert -f qcow2 -O raw IN OUT.raw, and upload OUT.raw as ddraw, or gzipped as ddgz.',
  ],
  [
    'an installer in a tar',
    () => tar(start(32_769, 'CD001')),
    'ddtar',
    'IMAGE_REJECTED',
    /contains a tar with an ISO 9660 medium/,
    'It is an installer, not an installed system: build an image from it, and upload that.',
  ],
  [
    'a file system',
    () => start(1080, Buffer.from('53ef', 'hex')),
    'ddraw',
    'IMAGE_REJECTED',
    /contains ext2, ext3 or ext4, and/,
    'A file system alone does not boot: give a disk with its partition table, or a tar of the root.',
  ],
  [
    'another compression',
    () => Buffer.from('28b52ffd0000', 'hex'),
    'tgz',
    'IMAGE_REJECTED',
    /is zstd, and MAAS has no file type for that/,
    'Unpack it, and compress it with gzip, xz or bzip2.',
  ],
  [
    'nothing',
    () => Buffer.alloc(0),
    'tgz',
    'IMAGE_REJECTED',
    /is empty, and MAAS has no file type/,
    'Build and pack the image again.',
  ],
  [
    'a page',
    () => Buffer.from('<html>'),
    'tgz',
    'IMAGE_REJECTED',
    /is a web page or XML, and/,
    'It is not an image: check where the file comes from. A failed download often leaves a page with an error message.',
  ],
  [
    'bytes of which nothing is known as a root',
    () => gzipSync(Buffer.alloc(16, 1)),
    'tgz',
    'IMAGE_REJECTED',
    /contains no tar, compressed with gzip, and the file type tgz means a tar of a root/,
    'Pack the image again, or set its file type (--filetype).',
  ],
  [
    'bytes of which nothing is known as a packed disk',
    () => Buffer.alloc(16, 1),
    'ddgz',
    'IMAGE_REJECTED',
    /contains no tar, and/,
    'Pack the image again, or set its file type (--filetype).',
  ],
  [
    'a stream that gives nothing',
    () => gzipSync(''),
    'tgz',
    'IMAGE_REJECTED',
    /cannot be unpacked: gzip gives nothing/,
    'Pack the image again, or download it again.',
  ],
  [
    'a stream that gives nothing in the 8 MiB that are read at most',
    () => gzipAt(MOST_READ),
    'ddgz',
    'IMAGE_REJECTED',
    /cannot be unpacked: gzip gives nothing/,
    'Pack the image again, or download it again.',
  ],
  [
    'a stream that breaks off at once',
    () => gzipSync(DISK).subarray(0, 12),
    'ddgz',
    'IMAGE_REJECTED',
    /cannot be unpacked: /,
    'Pack the image again, or download it again.',
  ],
])('%s is refused', async (_what, content, filetype, code, message, hint) => {
  expect(await said(await content(), filetype)).toEqual([code, expect.stringMatching(message), hint]);
});

test('an interruption ends the look into what is packed', async () => {
  const abort = new AbortController();
  abort.abort();
  const dir = mkdtempSync(join(tmpdir(), 'content-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'image'), gzipSync(DISK));
  await expect(checkContent(join(dir, 'image'), 'ddgz', abort.signal)).rejects.toMatchObject({
    code: 'INTERRUPTED',
  });
});
