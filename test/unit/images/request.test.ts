import { describe, expect, test } from 'vitest';
import {
  checkRequest,
  FILETYPES,
  filetypeOf,
  type UploadRequest,
} from '../../../pipeline/maas/images/request.ts';

test.each([
  ['dgx1.tar.gz', 'tgz'],
  ['dgx1.TGZ', 'tgz'],
  ['dgx1.tar.xz', 'txz'],
  ['dgx1.tar.bz2', 'tbz'],
  ['dgx1.dd.tar.gz', 'ddtgz'],
  ['dgx1.dd.gz', 'ddgz'],
  ['dgx1.raw', 'ddraw'],
  ['dgx1.img.xz', 'ddxz'],
  ['dgx1', 'tgz'],
])('%s is a %s', (name, type) => expect(filetypeOf(name)).toBe(type));

test('every type is known by each of its endings', () => {
  for (const [type, endings] of Object.entries(FILETYPES))
    for (const ending of endings) expect(filetypeOf(`image${ending}`)).toBe(type);
});

describe('a request that MAAS takes wrongly or fails on is refused before it is sent', () => {
  const good = {
    name: 'custom/dgx1-5.0',
    size: 1,
    filetype: 'tgz',
    sha256: 'a'.repeat(64),
    baseImage: 'ubuntu/focal',
    file: 'x',
  } as UploadRequest;

  test('a good one passes', () => expect(() => checkRequest(good)).not.toThrow());

  test.each([
    ['name', 'custom/x/y'],
    ['name', 'custom/'],
    ['name', '/x'],
    ['name', ''],
    ['name', 'a b'],
    ['size', 0],
    ['size', -1],
    ['filetype', 'squashfs'],
    ['sha256', 'A'.repeat(64)],
    ['sha256', 'a'.repeat(63)],
    ['baseImage', 'focal'],
    ['baseImage', ''],
  ])('%s %j', (field, value) => {
    expect(() => checkRequest({ ...good, [field]: value })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });
});
