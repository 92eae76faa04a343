import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import type { Waiver } from '../../../pipeline/image/checks/waivers.ts';
import { type BareFileOptions, describeFile } from '../../../pipeline/maas/images/bare-file.ts';
import { goodRoot, type Root } from '../checks/root.ts';

let dir: string;
let events: Event[];
let waivers: Waiver[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bare-'));
  events = [];
  waivers = [];
});
afterEach(() => rmSync(dir, { recursive: true }));

/** The begin of a disk with a GPT. */
const DISK = Buffer.concat([Buffer.alloc(512), Buffer.from('EFI PART'), Buffer.alloc(100_000)]);
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

/** A file by this name, and what is filled in of it. */
function described(name: string, content: Buffer | string, more: Partial<BareFileOptions> = {}) {
  const path = join(dir, name);
  writeFileSync(path, content);
  return describeFile(
    path,
    { validate: false, profile: 'generic', baseImage: 'ubuntu/focal', ...more },
    {
      emit: (event) => void events.push(event),
      signal: new AbortController().signal,
      waivers: async () => waivers,
    },
  );
}

describe('a file that no configuration knows', () => {
  test('has name and type by its own name, its size and its sum', async () => {
    const content = gzipSync(DISK);
    expect(await described('Lab.v2.dd.gz', content)).toEqual({
      artifact: { path: join(dir, 'Lab.v2.dd.gz'), size: content.length, sha256: sha256(content) },
      resource: { name: 'Lab.v2', title: 'Lab.v2', architecture: 'amd64/generic', baseImage: 'ubuntu/focal' },
      filetype: 'ddgz',
      validated: false,
    });
    expect(events.filter(({ type }) => type === 'notice')).toEqual([]);
  });

  test('is what the command line says', async () => {
    const said = { name: 'custom/x', title: 'X', architecture: 'arm64/generic', filetype: 'ddraw' };
    expect(await described('a.tgz', DISK, said)).toMatchObject({
      resource: { name: 'custom/x', title: 'X', architecture: 'arm64/generic' },
      filetype: 'ddraw',
    });
    expect((await described('a.img', DISK, { name: 'custom/x' })).resource.title).toBe('x');
  });

  test('that is a disk is not checked, and says so when checks were asked for', async () => {
    expect(await described('a.img', DISK, { validate: true })).toMatchObject({ validated: false });
    expect(events).toContainEqual(
      expect.objectContaining({
        message: expect.stringContaining('is a disk image: its contents are not checked'),
      }),
    );
  });

  test.each([undefined, ''])('needs a base image where none can be read from it (%j)', async (baseImage) => {
    for (const validate of [true, false])
      await expect(described('a.img', DISK, { baseImage, validate })).rejects.toMatchObject({
        code: 'USAGE',
      });
  });

  test('of another type is a mistake, and of no type only where it was to be checked', async () => {
    await expect(described('a.tgz', gzipSync(DISK))).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('--filetype ddgz'),
    });
    await expect(described('a.img', 'Not found\n', { validate: true })).rejects.toMatchObject({
      code: 'IMAGE_REJECTED',
    });
    expect(await described('a.img', 'Not found\n')).toMatchObject({ validated: false });
    expect(events).toContainEqual(
      expect.objectContaining({ level: 'warning', message: expect.stringContaining('is plain text') }),
    );
  });

  test('of zeros is sent, with a warning', async () => {
    await described('a.img', Buffer.alloc(100_000));
    expect(events).toContainEqual(
      expect.objectContaining({ level: 'warning', message: expect.stringContaining('begins neither') }),
    );
  });

  test.each([
    ['of it', { file: 'a.img', size: DISK.length }, 'f'.repeat(64)],
    ['of another file', { file: 'b.img', size: DISK.length }, sha256(DISK)],
    ['of another size', { file: 'a.img', size: DISK.length + 1 }, sha256(DISK)],
  ])('is not read for its sum when there is a manifest %s', async (_what, artifact, expected) => {
    const manifest = { artifact: { ...artifact, sha256: 'f'.repeat(64) } };
    writeFileSync(join(dir, 'a.manifest.json'), JSON.stringify(manifest));
    expect((await described('a.img', DISK)).artifact.sha256).toBe(expected);
  });

  test('that is not there, or a folder, or below a file', async () => {
    const read = (name: string) =>
      describeFile(
        join(dir, name),
        { validate: false, profile: 'generic', baseImage: 'ubuntu/focal' },
        { emit() {}, signal: new AbortController().signal, waivers: async () => [] },
      );
    mkdirSync(join(dir, 'folder.img'));
    writeFileSync(join(dir, 'f'), '');
    await expect(read('none.img')).rejects.toMatchObject({ code: 'UPLOAD_MISSING' });
    await expect(read('folder.img')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(read('f/x.img')).rejects.not.toMatchObject({ code: 'UPLOAD_MISSING' });
  });
});

describe('a root that is checked', () => {
  const waiver = (check: string): Waiver => ({
    ...{ check, reason: 'a test bed', until: '2999-12-31' },
    ...(check === 'stream-whole' ? { finding: 'least-size' } : {}),
  });
  const WAIVED = '(waived until 2999-12-31: a test bed)';
  const OS_RELEASE = 'usr/lib/os-release';

  /** A root of a few members; that these are few is waived, with `checks`. */
  async function uploaded(root: Root, checks: readonly string[] = [], more: Partial<BareFileOptions> = {}) {
    waivers = ['stream-whole', ...checks].map(waiver);
    const checked = { validate: true, profile: 'any-ubuntu', baseImage: undefined };
    return described('a.tgz', gzipSync(await root.tar()), { ...checked, ...more });
  }
  const notices = (level: string) =>
    events.flatMap((event) => (event.type === 'notice' && event.level === level ? [event.message] : []));

  test('has base image and architecture by itself, else as the command line says', async () => {
    expect(await uploaded(goodRoot())).toMatchObject({
      resource: { architecture: 'amd64/generic', baseImage: 'ubuntu/focal' },
      validated: true,
    });
    expect(notices('warning')).toEqual([]);
    const kernel = '5.4.0-125-generic';
    const arm = goodRoot({ version: '20.04', codename: 'focal', kernel, arch: 'arm64', driver: null });
    expect((await uploaded(arm)).resource.architecture).toBe('arm64/generic');
    const said = await uploaded(goodRoot(), ['os-release'], { baseImage: 'ubuntu/bionic' });
    expect(said.resource.baseImage).toBe('ubuntu/bionic');
  });

  test.each<[string, Root, string[]]>([
    ['of no system that MAAS has', goodRoot().put(OS_RELEASE, 'ID=debian\nVERSION_CODENAME=bookworm\n'), []],
    ['without a codename', goodRoot().put(OS_RELEASE, 'ID=ubuntu\nVERSION_ID="20.04"\n'), []],
    ['without os-release', goodRoot().remove(OS_RELEASE).remove('etc/os-release'), ['root-on-top']],
  ])('needs a base image: %s', async (_what, root, checks) => {
    const all = ['os-release', ...checks];
    await expect(uploaded(root, all)).rejects.toMatchObject({
      code: 'USAGE',
      message: `The base image of ${join(dir, 'a.tgz')} is not known`,
    });
    expect((await uploaded(root, all, { baseImage: 'ubuntu/focal' })).resource.baseImage).toBe(
      'ubuntu/focal',
    );
  });

  test('that a blocker rejects is not sent, and the blockers alone are named', async () => {
    const bad = goodRoot().put('etc/ssh/ssh_host_rsa_key', 'x');
    await expect(uploaded(bad)).rejects.toMatchObject({
      code: 'IMAGE_REJECTED',
      message: expect.stringMatching(/: 1 blocker failed$/),
      detail: '29 ssh-host-keys: ssh host keys are in the image: /etc/ssh/ssh_host_rsa_key',
    });
    await expect(uploaded(bad.put('etc/machine-id', 'abc\n'))).rejects.toMatchObject({
      message: expect.stringMatching(/: 2 blockers failed$/),
      detail: expect.stringMatching(/^28 machine-id: .*\n29 ssh-host-keys: .*$/),
    });
    expect(notices('warning')).toEqual([]);
  });

  test('is sent with a warning of each check that fails otherwise', async () => {
    await uploaded(goodRoot().remove('etc/resolv.conf').put('etc/resolv.conf', 'nameserver 10.0.0.1\n'));
    expect(notices('warning')).toEqual([expect.stringMatching(/^\d+ resolv-conf: /)]);
    expect(notices('info').map((message) => message.replace(/:.*/, ''))).toEqual(['1 stream-whole']);
  });

  test('has the reason of each waiver shown, and nothing else of what it has passed', async () => {
    await uploaded(goodRoot().put('etc/ssh/ssh_host_rsa_key', 'x'), ['ssh-host-keys']);
    expect(notices('info')).toEqual([
      expect.stringMatching(/^1 stream-whole: /),
      expect.stringMatching(/^29 ssh-host-keys: /),
    ]);
    for (const message of notices('info')) expect(message).toContain(WAIVED);
  });
});
