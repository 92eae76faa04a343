import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import type { MaasClient } from '../../../pipeline/maas/api/client.ts';
import { parseVersion } from '../../../pipeline/maas/api/version.ts';
import { RemoteImage } from '../../../pipeline/maas/images/remote-image.ts';
import type { UploadRequest } from '../../../pipeline/maas/images/request.ts';
import { ledgerFile } from '../../../pipeline/workspace/layout.ts';
import type { LedgerEntry } from '../../../pipeline/workspace/ledger/ledger.ts';
import { noted, TARGET } from './entries.ts';

const SHA = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

interface RawSet {
  version: string;
  complete?: boolean;
  /** Percent. */
  progress?: number;
  sha256?: string;
  /** Without a file, as MAAS makes a set first. */
  empty?: boolean;
}
const empty = (version: string): RawSet => ({ version, progress: 0, empty: true });
const whole = (version: string, sha256 = SHA): RawSet => ({ version, complete: true, sha256 });
const part = (version: string, progress: number, sha256 = SHA): RawSet => ({ version, progress, sha256 });

const resource = (id: number, sets: RawSet[], more: object = {}) => ({
  ...{ id, type: 'Uploaded', name: 'custom/dgx1-5.0', architecture: 'amd64/generic' },
  sets: Object.fromEntries(
    sets.map(({ version, complete = false, progress, sha256 = SHA, empty = false }) => [
      version,
      {
        ...{ version, size: empty ? 0 : 1000, complete, progress },
        files: empty
          ? {}
          : { tgz: { sha256, size: 1000, complete, upload_uri: complete ? undefined : `/up/${version}/` } },
      },
    ]),
  ),
  ...more,
});

/** A MAAS of these resources, which keeps the requests that change it, and an image of it. */
function remote(
  version: string,
  resources: ReturnType<typeof resource>[],
  {
    ledger = [],
    regions = 1,
    baseImage = 'ubuntu/focal',
  }: { ledger?: LedgerEntry[]; regions?: number; baseImage?: string } = {},
) {
  const dir = mkdtempSync(join(tmpdir(), 'remote-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const env = { XDG_STATE_HOME: dir };
  mkdirSync(dirname(ledgerFile(env)), { recursive: true });
  writeFileSync(ledgerFile(env), ledger.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  const changes: unknown[] = [];
  const asked: string[] = [];
  let away: Fault | undefined;
  const client = {
    url: TARGET,
    version: async () => parseVersion(version),
    async get(path: string) {
      asked.push(path);
      if (away) throw away;
      if (path === 'regioncontrollers/')
        return Array.from({ length: regions }, (_, i) => ({ system_id: `r${i}` }));
      if (path.includes('?')) return resources;
      const found = resources.find(({ id }) => path === `boot-resources/${id}/`);
      if (!found) throw new Fault('MAAS_NOT_FOUND', 'no');
      return found;
    },
    async post(path: string, form: object) {
      changes.push([path, form]);
      return resource(9, [part('20261201', 0)]);
    },
    delete: async (path: string) => void changes.push(path),
  };
  const request = {
    ...{
      name: 'dgx1-5.0',
      title: 'T',
      architecture: 'amd64/generic',
      filetype: 'tgz',
      baseImage,
      sha256: SHA,
      size: 1000,
    },
    env,
  };
  const image = new RemoteImage(client as unknown as MaasClient, request as unknown as UploadRequest);
  const fail = (fault?: Fault) => {
    away = fault;
  };
  return { image, changes, asked, fail, resources };
}

describe('the state of an upload in MAAS', () => {
  test.each<[string, string, ReturnType<typeof resource>[], number, object]>([
    ['nothing', '3.4.0', [], 1, { at: 'absent', keepOld: false }],
    ['another name', '3.4.0', [resource(1, [whole('1')], { name: 'custom/other' })], 1, { at: 'absent' }],
    [
      'another architecture',
      '3.4.0',
      [resource(1, [whole('1')], { architecture: 'arm64/generic' })],
      1,
      { at: 'absent' },
    ],
    [
      'a name without its prefix',
      '3.4.0',
      [resource(1, [whole('1')], { name: 'dgx1-5.0' })],
      1,
      { at: 'complete', set: '1' },
    ],
    ['half of it', '3.4.0', [resource(1, [part('1', 50)])], 2, { at: 'partial', offset: 500 }],
    [
      'half of it in each of two regions',
      '3.5.0',
      [resource(1, [part('1', 25)])],
      2,
      { at: 'partial', offset: 500 },
    ],
    ['older data', '3.4.0', [resource(1, [whole('1', OTHER)])], 1, { at: 'absent', keepOld: true }],
  ])('%s', async (_what, version, resources, regions, expected) => {
    expect(await remote(version, resources, { regions }).image.ask()).toMatchObject(expected);
  });

  test.each<[string, RawSet[], boolean]>([
    ['is whole', [whole('1')], false],
    ['has a set without a file, too', [empty('2'), whole('1')], false],
    ['has a part', [part('1', 50)], true],
  ])('counts regions only for a part: the image %s', async (_what, sets, counted) => {
    const { image, asked } = remote('3.5.0', [resource(1, sets)]);
    await image.ask();
    expect(asked.includes('regioncontrollers/')).toBe(counted);
  });

  test('is asked of the same resource, and anew when that is gone', async () => {
    const { image, resources, fail } = remote('3.4.0', [resource(1, [part('1', 50)])]);
    await image.ask();
    expect(image.id).toBe(1);
    fail(new Fault('MAAS_UNREACHABLE', 'away'));
    await expect(image.ask()).rejects.toMatchObject({ code: 'MAAS_UNREACHABLE' });
    expect(image.id).toBe(1);
    fail();
    resources.length = 0;
    expect(await image.ask()).toEqual({ at: 'absent', keepOld: false });
    expect(image.id).toBeUndefined();
  });

  test('that another upload has replaced is refused', async () => {
    const { image, resources } = remote('3.4.0', [resource(1, [part('20261101', 50)])]);
    await image.ask();
    resources[0] = resource(1, [part('20261102', 0, OTHER)]);
    await expect(image.ask()).rejects.toMatchObject({
      code: 'MAAS_REFUSED',
      message: 'Another upload of "dgx1-5.0" has replaced this one in MAAS',
    });
    resources[0] = resource(1, [part('20261101', 50, OTHER)]);
    expect(await image.ask()).toMatchObject({ at: 'absent' });
  });
});

describe('the base image', () => {
  const sent = (more: Partial<LedgerEntry> = {}) => noted('dgx1-5.0', 1, { did: 'started', ...more });
  test.each<[string, string, object, LedgerEntry[], string | null]>([
    ['the same', '3.5.0', { base_image: 'Ubuntu/Focal' }, [], null],
    [
      'another',
      '3.5.0',
      { base_image: 'ubuntu/jammy' },
      [],
      '"dgx1-5.0" has the base image ubuntu/jammy in MAAS, not ubuntu/focal, and MAAS never changes it',
    ],
    [
      'not said, and sent from here',
      '3.1.0',
      {},
      [sent({ baseImage: 'ubuntu/jammy' })],
      '"dgx1-5.0" was first uploaded with the base image ubuntu/jammy, not ubuntu/focal, and MAAS never changes it',
    ],
    ['not said before MAAS had any', '3.0.9', {}, [sent({ baseImage: 'ubuntu/jammy' })], null],
    ['not said, and sent by another', '3.1.0', {}, [], null],
    ['not said, the same', '3.1.0', {}, [sent({ baseImage: 'UBUNTU/focal' })], null],
    [
      'not said, found when it was there already',
      '3.1.0',
      {},
      [sent({ did: 'found', baseImage: 'ubuntu/jammy' })],
      null,
    ],
    [
      'not said, of another resource',
      '3.1.0',
      {},
      [sent({ resourceId: 2, baseImage: 'ubuntu/jammy' })],
      null,
    ],
    [
      'not said, of another MAAS',
      '3.1.0',
      {},
      [sent({ target: 'http://other/MAAS', baseImage: 'ubuntu/jammy' })],
      null,
    ],
    ['not said, of another name', '3.1.0', {}, [sent({ name: 'other', baseImage: 'ubuntu/jammy' })], null],
    ['not said, sent twice', '3.1.0', {}, [sent(), sent({ baseImage: 'ubuntu/jammy' })], null],
  ])('%s', async (_what, version, more, ledger, message) => {
    const { image } = remote(version, [resource(1, [part('1', 50)], more)], { ledger });
    if (message === null) expect(await image.ask()).toMatchObject({ at: 'partial' });
    else await expect(image.ask()).rejects.toMatchObject({ code: 'MAAS_REFUSED', message });
  });
});

describe('an unfinished upload', () => {
  test.each<[string, string, RawSet[], boolean]>([
    ['alone', '3.4.0', [part('2', 50)], true],
    ['beside data in use', '3.4.0', [part('2', 50), whole('1', OTHER)], false],
    ['sent whole by us', '3.4.0', [part('2', 100)], true],
    ['beside one that another has sent whole', '3.4.0', [part('2', 50), part('1', 100, OTHER)], false],
    ['beside a set without a file', '3.4.0', [part('2', 50), empty('1')], true],
    ['beside one that another has sent in part', '3.4.0', [part('2', 50), part('1', 99, OTHER)], true],
  ])('%s', async (_what, version, sets, removed) => {
    const { image, changes } = remote(version, [resource(1, sets)]);
    await image.ask();
    expect([await image.remove(), changes, image.id]).toEqual(
      removed ? [true, ['boot-resources/1/'], undefined] : [false, [], 1],
    );
  });

  test('that another made since, and nobody has asked about, is not removed', async () => {
    const { image, changes } = remote('3.4.0', [resource(1, [part('1', 50)])]);
    expect([await image.remove(), changes]).toEqual([true, []]);
  });

  test('that is gone, or was never there, needs no removal', async () => {
    const none = remote('3.4.0', []);
    expect([await none.image.remove(), none.changes]).toEqual([true, []]);
    const gone = remote('3.4.0', [resource(1, [part('1', 50)])]);
    await gone.image.ask();
    gone.resources.length = 0;
    expect([await gone.image.remove(), gone.changes]).toEqual([true, []]);
  });

  test('is replaced from 3.5 on, and the data in use is kept', async () => {
    const form = (more: object) => [
      'boot-resources/',
      expect.objectContaining({
        name: 'custom/dgx1-5.0',
        base_image: 'ubuntu/focal',
        sha256: SHA,
        size: 1000,
        ...more,
      }),
    ];
    const old = remote('3.4.0', [resource(1, [part('1', 50)])]);
    await old.image.ask();
    expect([await old.image.replace(), old.changes]).toEqual([false, []]);
    const none = remote('3.5.0', []);
    expect([await none.image.replace(), none.changes]).toEqual([false, []]);
    const files = remote('3.5.0', [resource(1, [part('1', 50)])]);
    await files.image.ask();
    expect(await files.image.replace()).toBe(true);
    expect(files.changes).toEqual([form({ keep_old: true })]);
    const first = remote('3.5.0', [], { baseImage: 'Ubuntu/Focal' });
    expect(await first.image.create(false)).toMatchObject({ at: 'partial', offset: 0 });
    expect(first.changes).toEqual([form({})]);
    expect(first.changes[0]).not.toEqual(form({ keep_old: true }));
    expect(first.image.id).toBe(9);
  });
});
