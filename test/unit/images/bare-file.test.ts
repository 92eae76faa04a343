import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { type BareFileOptions, describeFile } from '../../../pipeline/maas/images/bare-file.ts';

let dir: string;
let events: Event[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bare-'));
  events = [];
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
      waivers: async () => [],
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
