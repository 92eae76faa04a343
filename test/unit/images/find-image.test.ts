import { describe, expect, test } from 'vitest';
import type { Config } from '../../../pipeline/config/types.ts';
import { checkDeletable } from '../../../pipeline/maas/images/delete-images.ts';
import { findImages } from '../../../pipeline/maas/images/find-image.ts';
import { listed } from '../../../pipeline/maas/images/list-images.ts';
import { inMaas, noted, TARGET } from './entries.ts';

const image = { name: 'dgx1', release: 'dgxos5', platform: 'dgx1', version: '5.0' };
const config = {
  images: { dgx1: { ...image, resource: { name: 'dgx1-{version}-{date}', architecture: 'amd64/generic' } } },
} as unknown as Config;
const IMAGES = [
  inMaas('dgx1-5.0-a', 1),
  inMaas('dgx1-5.0-b', 2),
  inMaas('dgx1-5.0-stable', 3),
  inMaas('other', 4),
];
const LEDGER = [
  noted('dgx1-5.0-a', 1),
  noted('dgx1-5.0-b', 2),
  noted('other', 4, { image: 'other' }),
  noted('dgx1-5.0-c', 4, { target: 'http://elsewhere/MAAS' }),
];
const found = (text: string, images = IMAGES, ledger = LEDGER) =>
  findImages(images, text, { config, ledger, target: TARGET }).map(({ id }) => id);

describe('images that are named', () => {
  test.each([
    ['other', [4]],
    ['custom/other', [4]],
    ['2', [2]],
    ['dgx1:stable', [3]],
    ['dgx1', [1, 2]],
  ])('%s', (text, ids) => expect(found(text)).toEqual(ids));

  test('by a number that is also a name are all of these', () => {
    expect(found('4', [...IMAGES, inMaas('4', 9)])).toEqual([4, 9]);
  });

  test('by a channel without a build says which channels there are', () => {
    expect(() => found('dgx1:beta')).toThrow('The channel "beta" of dgx1 has no build');
  });

  test.each([
    [
      'dgx1-5.0-x',
      IMAGES,
      /no uploaded image "dgx1-5\.0-x"\. Did you mean "dgx1-5\.0-a"\?/,
      'It has: dgx1-5.0-a, ',
    ],
    ['zzzzzzzzz', IMAGES, /no uploaded image "zzzzzzzzz"$/, 'It has: dgx1-5.0-a, '],
    ['other:stable', [IMAGES[0]!], /no uploaded image/, 'It has: '],
    ['dgx1', [IMAGES[3]!], /no uploaded image "dgx1"/, 'It has: other.'],
    ['dgx1', [], /no uploaded image "dgx1"$/, 'It has no uploaded image.'],
  ])('%s is none of them', (text, images, message, hint) => {
    const fault = (() => {
      try {
        return found(text, images);
      } catch (error) {
        return error;
      }
    })();
    expect(fault).toMatchObject({
      code: 'IMAGE_UNKNOWN',
      message: expect.stringMatching(message),
      hint: expect.stringContaining(hint),
    });
  });
});

describe('an image that is to be deleted by name', () => {
  const DAY = 24 * 3600_000;
  const refusal = (images = [IMAGES[0]!], { force = false, ledger = LEDGER } = {}) => {
    try {
      checkDeletable(images, ledger, TARGET, force);
    } catch (error) {
      return error as { code: string; message: string; hint?: string; detail?: string };
    }
    return null;
  };

  test('goes when this host uploaded it, or when it is forced', () => {
    expect(refusal()).toBeNull();
    expect(refusal([inMaas('foreign', 8)])).toMatchObject({
      code: 'MAAS_REFUSED',
      message: 'Nothing was deleted: foreign (8) cannot be deleted: not uploaded from this host',
      hint: expect.stringContaining('--force'),
      detail: undefined,
    });
    expect(refusal([inMaas('foreign', 8)], { force: true })).toBeNull();
  });

  test('stays, forced or not, where a machine has it, it is on its way, or it is a channel', () => {
    const ledger = [
      ...LEDGER,
      noted('dgx1-5.0-stable', 3, { did: 'promoted', sha256: '3', of: 'dgx1-5.0-c' }),
    ];
    const cases: [ReturnType<typeof inMaas>, string, RegExp][] = [
      [inMaas('dgx1-5.0-a', 1, { machines: ['gpu01'] }), 'deployed on', /Release or redeploy/],
      [inMaas('dgx1-5.0-b', 2, { complete: false }), 'still uploading', /Let the upload finish/],
      [inMaas('dgx1-5.0-stable', 3), 'a channel', /prune --channels/],
    ];
    for (const [one, why, hint] of cases) {
      expect(refusal([one], { force: true, ledger })).toMatchObject({
        message: expect.stringContaining(why),
        hint: expect.stringMatching(hint),
      });
    }
  });

  test('begun a day ago is not on its way any more', () => {
    const old = { time: new Date(Date.now() - 2 * DAY).toISOString(), did: 'started' as const };
    const ledger = [noted('dgx1-5.0-b', 2, old)];
    expect(refusal([inMaas('dgx1-5.0-b', 2, { complete: false })], { ledger })).toBeNull();
  });

  test('is not the only one whose reason is said', () => {
    expect(refusal([inMaas('x', 8), IMAGES[0]!, inMaas('y', 9)])).toMatchObject({
      message: expect.stringContaining('x (8)'),
      detail: 'also y (9): not uploaded from this host',
    });
  });
});

describe('an image as MAAS answers', () => {
  const file = (sha256: string) => ({
    sha256,
    size: 1000,
    complete: true,
    uploadUri: undefined,
    filetype: 'root-tgz',
  });
  const detail = (
    ...sets: { version: string; complete?: boolean; progress?: number; files?: string[] }[]
  ) => ({
    ...{ id: 1, type: 'Uploaded', name: 'a', title: null, architecture: 'amd64/generic' },
    ...{ baseImage: undefined, lastDeployed: undefined },
    sets: sets.map(({ version, complete = true, progress, files = [version] }) => ({
      ...{ version, complete, progress, size: 1000, files: files.map(file) },
    })),
  });

  test('is its newest complete set', () => {
    expect(
      listed(
        detail(
          { version: '20261120' },
          { version: '20261122', complete: false, progress: 25 },
          { version: '20261121' },
        ),
        [],
      ),
    ).toMatchObject({
      ...{ set: '20261121', sha256: '20261121', size: 1000, complete: true, progress: null, baseImage: null },
      sets: [
        { version: '20261122', stored: 250, complete: false },
        { version: '20261121', stored: 1000, complete: true },
        { version: '20261120', stored: 1000 },
      ],
    });
  });

  test('is the newest one while none is complete, and nothing without a file', () => {
    const some = [
      { version: '1', complete: false },
      { version: '2', complete: false, progress: 50 },
    ];
    expect(listed(detail(...some), [])).toMatchObject({ set: '2', complete: false, progress: 50 });
    expect(listed(detail({ version: '1', files: [] }), [])).toMatchObject({
      ...{
        set: null,
        sha256: null,
        size: 0,
        complete: false,
        progress: null,
        sets: [],
        build: null,
        acceptance: null,
      },
    });
  });

  test('is what this host uploaded, tried and found, by its sum', () => {
    const ledger = [
      noted('a', 1, { sha256: '1', did: 'found', image: 'found' }),
      noted('a', 1, { sha256: '2', image: 'another' }),
      noted('a', 1, { sha256: '1', time: 't', image: undefined }),
      noted('a', 1, { sha256: '1', did: 'accepted' }),
    ];
    expect(listed(detail({ version: '1' }), ledger)).toMatchObject({
      build: { image: null, uploaded: 't' },
      acceptance: 'accepted',
    });
    expect(listed(detail({ version: '3' }), ledger)).toMatchObject({ build: null, acceptance: null });
    expect(listed(detail({ version: '1', complete: false }), [])).toMatchObject({ sets: [{ stored: 0 }] });
  });
});
