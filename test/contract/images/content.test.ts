import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkContent } from '../../../pipeline/maas/images/content.ts';
import { FILETYPES } from '../../../pipeline/maas/images/request.ts';
import { runOk } from '../process/run-tool.ts';

const dir = mkdtempSync(join(tmpdir(), 'content-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const { signal } = new AbortController();
const at = (name: string) => join(dir, name);

/** Files that MAAS accepts, made by the usual tools; the name is the matching file type. */
beforeAll(async () => {
  mkdirSync(at('root/etc'), { recursive: true });
  writeFileSync(at('root/etc/os-release'), 'ID=ubuntu\n');
  writeFileSync(at('disk.img'), '');
  truncateSync(at('disk.img'), 8 << 20);
  await runOk(['sfdisk', '-q', at('disk.img')], { input: 'label: gpt\nstart=2048,size=4096\n' });
  await runOk(['tar', '-C', at('root'), '-cf', at('root.tar'), '.']);
  await runOk(['tar', '-C', dir, '-cf', at('ddtar'), 'disk.img']);
  await runOk(['tar', '-C', dir, '-S', '--format=posix', '-cf', at('sparse-ddtar'), 'disk.img']);
  await runOk(['tar', '-C', dir, '-S', '--format=gnu', '-cf', at('gnu-ddtar'), 'disk.img']);
  writeFileSync(at('ddraw'), readFileSync(at('disk.img')));
  for (const [from, to] of [
    ['root.tar', ['tgz', 'tbz', 'txz']],
    ['ddtar', ['ddtgz', 'ddtbz', 'ddtxz']],
    ['disk.img', ['ddgz', 'ddbz2', 'ddxz']],
  ] as const)
    for (const name of to) {
      const tool = name.endsWith('gz') ? 'gzip' : name.endsWith('xz') ? 'xz' : 'bzip2';
      writeFileSync(at(`in-${name}`), readFileSync(at(from)));
      await runOk([tool, '-kf', at(`in-${name}`)]);
      writeFileSync(
        at(name),
        readFileSync(at(`in-${name}.${tool === 'gzip' ? 'gz' : tool === 'xz' ? 'xz' : 'bz2'}`)),
      );
    }
  await runOk(['qemu-img', 'create', '-q', '-f', 'qcow2', at('qcow2'), '10M']);
  await runOk(['qemu-img', 'create', '-q', '-f', 'vmdk', at('vmdk'), '10M']);
  await runOk(['xorriso', '-as', 'mkisofs', '-quiet', '-o', at('iso'), at('root')]);
  await runOk(['mkfs.ext4', '-q', '-F', at('ext4'), '4M']);
  await runOk(['tar', '-C', dir, '-czf', at('qcow2-in-tar'), 'qcow2']);
  const tgz = readFileSync(at('tgz'));
  for (const [name, content] of Object.entries({
    empty: '',
    html: '<!DOCTYPE html>\n<html><title>404</title></html>',
    text: 'Not found\n',
    json: '{"error": "denied"}',
    zip: Buffer.from('504b0304140000000000', 'hex'),
    zstd: zstdCompressSync(readFileSync(at('root.tar'))),
    lz4: Buffer.from('04224d186440a7', 'hex'),
    'gz-of-qcow2': gzipSync(readFileSync(at('qcow2'))),
    'gz-of-iso': gzipSync(readFileSync(at('iso'))),
    'gz-of-ext4': gzipSync(readFileSync(at('ext4'))),
    'gz-of-gz': gzipSync(tgz),
    'gz-of-html': gzipSync('<html></html>'),
    'gz-of-nothing': gzipSync(''),
    'broken-gz': Buffer.concat([tgz.subarray(0, 12), Buffer.alloc(100, 0xff)]),
    zeros: Buffer.alloc(100_000),
    'gz-of-zeros': gzipSync(Buffer.alloc(100_000)),
  }))
    writeFileSync(at(name), content);
}, 60_000);

const refusal = (name: string, filetype: string) =>
  checkContent(at(name), filetype, signal).then(
    () => null,
    (fault) => fault,
  );

describe.each(Object.keys(FILETYPES))('as %s', (filetype) => {
  test('it takes what that is', async () => {
    expect(await checkContent(at(filetype), filetype, signal)).toBeNull();
  });

  test.each(Object.keys(FILETYPES).filter((other) => other !== filetype))(
    'a file that is %s is refused, with the file type that fits',
    async (other) => {
      expect(await refusal(other, filetype)).toMatchObject({
        code: 'USAGE',
        hint: expect.stringContaining(`--filetype ${other}`),
      });
    },
  );

  test.each([
    ['empty', /is empty/],
    ['html', /is a web page or XML/],
    ['text', /is plain text/],
    ['json', /is JSON/],
    ['zip', /is zip/],
    ['zstd', /is zstd/],
    ['lz4', /is lz4/],
    ['qcow2', /is a qcow2 disk/],
    ['vmdk', /is a VMDK disk/],
    ['iso', /is an ISO 9660 medium/],
    ['ext4', /is ext2, ext3 or ext4|(?:holds|contains) ext2/],
    ['gz-of-qcow2', /contains a qcow2 disk, compressed with gzip/],
    ['gz-of-iso', /contains an ISO 9660 medium, compressed with gzip/],
    ['gz-of-ext4', /contains ext2, ext3 or ext4, compressed with gzip/],
    ['gz-of-gz', /contains gzip, compressed with gzip/],
    ['gz-of-html', /contains a web page or XML, compressed with gzip/],
    ['gz-of-nothing', /cannot be unpacked/],
    ['broken-gz', /cannot be unpacked/],
    ['qcow2-in-tar', /contains a tar with a qcow2 disk, compressed with gzip/],
  ])('%s is refused', async (name, words) => {
    const fault = await refusal(name, filetype);
    expect(fault).toMatchObject({ code: 'IMAGE_REJECTED', message: expect.stringMatching(words) });
    expect(fault.hint.length).toBeGreaterThan(20);
  });
});

test('a plain tar of a root must be compressed; sparse tars of a disk are such', async () => {
  expect(await refusal('root.tar', 'tgz')).toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('Compress it first'),
  });
  expect(await refusal('sparse-ddtar', 'ddtar')).toBeNull();
  expect(await refusal('gnu-ddtar', 'ddtar')).toBeNull();
});

test('of what is not known, a root is refused and a disk is doubted', async () => {
  expect(await refusal('gz-of-zeros', 'tgz')).toMatchObject({ code: 'IMAGE_REJECTED' });
  expect(await refusal('gz-of-zeros', 'ddtgz')).toMatchObject({ code: 'IMAGE_REJECTED' });
  expect(await checkContent(at('gz-of-zeros'), 'ddgz', signal)).toMatch(
    /begins neither with a partition table/,
  );
  expect(await checkContent(at('zeros'), 'ddraw', signal)).toMatch(/begins neither/);
});
