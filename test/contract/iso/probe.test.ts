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

const subiquity = { kernel: 'casper/vmlinuz', initrd: 'casper/initrd' };
const CASPER = {
  'casper/vmlinuz': 'k',
  'casper/initrd': 'i',
  'casper/root.squashfs': 's',
  'casper/install-sources.yaml': '[]',
};

/** An ISO of these files. */
async function isoOf(name: string, files: Record<string, string | Buffer>): Promise<string> {
  await writeTree(join(dir, name), files);
  return makeIso(join(dir, name), join(dir, `${name}.iso`), ['-r'], 'X');
}

test.each([
  ['EFI/BOOT/BOOTX64.EFI', 'amd64'],
  ['efi/boot/grubaa64.efi', 'arm64'],
  ['boot/grub/x86_64-efi/normal.mod', 'amd64'],
  ['boot/grub/arm64-efi/normal.mod', 'arm64'],
  ['EFI/efiboot.img', null],
])('a medium with subiquity and %s is one for %s', async (file, architecture) => {
  const iso = await isoOf(`subiquity-${file.replaceAll('/', '-')}`, { ...CASPER, [file]: 'x' });
  expect(await probeIso(iso, { liveCurtin: null, subiquity })).toMatchObject({
    ...{ installer: 'subiquity', kernel: 'casper/vmlinuz', initrd: 'casper/initrd' },
    ...{ squashfs: null, squashfsOffset: null, platforms: [], architecture },
  });
});

test('the installer found decides: a release with facts for both takes either, one without refuses it', async () => {
  const both = { ...media, subiquity };
  const casper = await isoOf('either', CASPER);
  const live = await makeIso(join(dir, 'tree'), join(dir, 'live.iso'));
  expect((await probeIso(casper, both)).installer).toBe('subiquity');
  expect((await probeIso(live, both)).installer).toBe('live-curtin');
  await expect(probeIso(casper, media)).rejects.toMatchObject({ code: 'ISO_NOT_DGX', exitCode: 3 });
  await expect(probeIso(live, { liveCurtin: null, subiquity })).rejects.toMatchObject({
    code: 'ISO_NOT_DGX',
    message: `${live} is not a medium that installs by subiquity`,
    hint: expect.stringContaining('Its installer is curtin in a live system'),
  });
});

test.each([
  ['casper/vmlinuz', 'no kernel'],
  ['casper/initrd', 'no initrd'],
])('a medium with subiquity and without %s', async (missing, name) => {
  const { [missing as keyof typeof CASPER]: _, ...rest } = CASPER;
  const iso = await isoOf(name, rest as Record<string, string>);
  await expect(probeIso(iso, { liveCurtin: null, subiquity })).rejects.toMatchObject({
    code: 'ISO_NOT_DGX',
    message: `${iso} contains no ${missing}, which starts its installer, subiquity`,
  });
});

test.each<[string, Record<string, string>]>([
  ['an ISO that is neither', { 'data/readme.txt': 'x' }],
  ['casper without layers', { 'casper/vmlinuz': 'k', 'casper/initrd': 'i' }],
  ['an empty folder of that name', { 'casper.txt': 'x', 'live/readme': 'y' }],
])('%s is refused with what was found', async (name, files) => {
  const iso = await isoOf(name.replaceAll(' ', '-'), files);
  for (const known of [media, { liveCurtin: null, subiquity }, { ...media, subiquity }])
    await expect(probeIso(iso, known)).rejects.toMatchObject({
      code: 'ISO_NOT_DGX',
      hint: 'Check that `iso:` and `release:` of the image match.',
      detail: expect.stringMatching(/top level: [\s\S]*Squashfs files in it: none/),
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
