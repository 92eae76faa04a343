import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { extractFromIso } from '../../../pipeline/install/iso/extract.ts';
import { probeIso } from '../../../pipeline/install/iso/probe.ts';
import { listSquashfs } from '../../../pipeline/install/iso/squashfs.ts';
import { GRUB, makeIso, makeSquashfs, media, writeTree } from './make-iso.ts';

let dir: string;
let squashfs: Buffer;
const kernel = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251));

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'iso probe-'));
  squashfs = await readFile(await makeSquashfs(dir));
  await writeTree(join(dir, 'tree'), {
    vmlinuz: kernel,
    initrd: '',
    'boot/grub/grub.cfg': GRUB,
    'live/filesystem.squashfs': squashfs,
  });
});
afterAll(() => rm(dir, { recursive: true }));

const expected = {
  volumeId: 'UBUNTU_LIVE',
  installer: 'live-curtin',
  kernel: 'vmlinuz',
  initrd: 'initrd',
  squashfs: 'live/filesystem.squashfs',
  squashfsOffset: expect.any(Number),
  platforms: ['dgx1', 'dgx2'],
  rootTarball: 'curtin/ubuntu-20.04-server-cloudimg-amd64-root.tar.xz',
  architecture: null,
  grubEntries: ['Boot Into Live Environment', 'Install DGX OS'],
};

test.each([
  ['Rock Ridge and Joliet', ['-r', '-J']],
  ['Rock Ridge', ['-r']],
])('%s: the facts of a DGX OS 5 medium', async (_, names) => {
  const iso = await makeIso(join(dir, 'tree'), join(dir, 'facts.iso'), names);
  const facts = await probeIso(iso, media);
  expect(facts).toEqual(expected);
  const there = (await readFile(iso)).subarray(facts.squashfsOffset as number);
  const file = await readFile(join(dir, 'tree/live/filesystem.squashfs'));
  expect(there.subarray(0, file.length).equals(file)).toBe(true);
});

test('an ISO without the squashfs: what it is and has', async () => {
  await writeTree(join(dir, 'ubuntu'), {
    'casper/vmlinuz': 'k',
    'casper/minimal.squashfs': 's',
    'md5sum.txt': '',
  });
  const iso = await makeIso(join(dir, 'ubuntu'), join(dir, 'ubuntu.iso'), ['-r'], 'Ubuntu-Server 22.04');
  await expect(probeIso(iso, media)).rejects.toMatchObject({
    code: 'ISO_NOT_DGX',
    message: `${iso} contains no live/filesystem.squashfs`,
    hint: expect.stringContaining('subiquity'),
    detail: expect.stringMatching(
      /"Ubuntu-Server 22\.04".*casper, md5sum\.txt[\s\S]*casper\/minimal\.squashfs/,
    ),
  });
});

test('a squashfs that is none, and a file that is not an ISO', async () => {
  await writeTree(join(dir, 'broken'), { 'live/filesystem.squashfs': 'not a squashfs' });
  const iso = await makeIso(join(dir, 'broken'), join(dir, 'broken.iso'));
  await expect(probeIso(iso, media)).rejects.toMatchObject({
    code: 'ISO_NOT_DGX',
    message: 'live/filesystem.squashfs in the ISO cannot be read as a squashfs',
  });
  await writeFile(join(dir, 'text.iso'), 'x'.repeat(50_000));
  await expect(probeIso(join(dir, 'text.iso'), media)).rejects.toMatchObject({ code: 'ISO_NOT_DGX' });
});

test('a squashfs that lies in pieces is put together first', async () => {
  const cut = 4096;
  const path = join(dir, 'pieces');
  await writeFile(
    path,
    Buffer.concat([squashfs.subarray(cut), Buffer.alloc(777), squashfs.subarray(0, cut)]),
  );
  const tmp = join(dir, 'tmp');
  await mkdir(tmp);
  const extents = [
    { offset: squashfs.length - cut + 777, bytes: cut },
    { offset: 0, bytes: squashfs.length - cut },
  ];
  const names = await listSquashfs(path, { path: 'fs', bytes: squashfs.length, extents }, 'curtin', { tmp });
  expect(names).toContain('dgx1-curtin.yaml');
  expect(await listSquashfs(path, { path: 'fs', bytes: squashfs.length, extents }, 'none', { tmp })).toEqual(
    [],
  );
  expect(await readdir(tmp)).toEqual([]);
});

test('extraction gives the exact bytes, or nothing', async () => {
  const iso = await makeIso(join(dir, 'tree'), join(dir, 'extract.iso'));
  const out = join(dir, 'out');
  await extractFromIso(iso, 'vmlinuz', join(out, 'vmlinuz'));
  await extractFromIso(iso, '/initrd', join(out, 'initrd'));
  expect(await readFile(join(out, 'vmlinuz'))).toEqual(kernel);
  expect(await readFile(join(out, 'initrd'))).toHaveLength(0);
  await expect(extractFromIso(iso, 'vmlinux', join(out, 'none'))).rejects.toMatchObject({
    code: 'ISO_NOT_DGX',
  });
  const signal = AbortSignal.abort();
  await expect(extractFromIso(iso, 'vmlinuz', join(out, 'x'), { signal })).rejects.toMatchObject({
    code: 'INTERRUPTED',
  });
  expect((await readdir(out)).sort()).toEqual(['initrd', 'vmlinuz']);
});
