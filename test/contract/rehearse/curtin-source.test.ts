import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CurtinSource } from '../../../pipeline/config/settings/curtin.ts';
import { curtinDigest, findCurtin, packInstaller } from '../../../pipeline/maas/rehearse/curtin.ts';
import { curtinIsHere, obtainCurtin } from '../../../pipeline/maas/rehearse/curtin-source.ts';
import { serveFolder } from '../../../scripts/archive/serve.ts';
import { type ArchiveKey, makeDists, makeKey } from '../../../scripts/archive/sign.ts';
import { CURTIN, makeCurtinDebs, VERSION } from './curtin-debs.ts';

const SUITE = 'jammy-updates';
const DEBS = [`curtin-common_${VERSION}_all.deb`, `python3-curtin_${VERSION}_all.deb`];

let dir: string;
let key: ArchiveKey;
let mirror: { url: string; close(): void };
let cache: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'curtins-'));
  key = await makeKey();
  const archive = join(dir, 'archive');
  await makeCurtinDebs(join(archive, 'pool'));
  await makeDists(archive, { key, suite: SUITE, architecture: 'amd64' });
  writeFileSync(join(dir, 'archive.gpg'), key.keyring);
  const other = await makeKey();
  writeFileSync(join(dir, 'other.gpg'), other.keyring);
  await other.remove();
  // Another file than the one that the signed index has.
  cpSync(archive, join(dir, 'changed'), { recursive: true });
  writeFileSync(join(dir, 'changed/pool', DEBS[1]!), 'another file');
  mirror = await serveFolder(dir);
}, 120_000);

afterAll(async () => {
  mirror.close();
  await key.remove();
  rmSync(dir, { recursive: true, force: true });
});

beforeEach(() => {
  cache = mkdtempSync(join(dir, 'cache-'));
});

const work = (signal = new AbortController().signal) => ({ cache, emit() {}, signal });
const archive = (more: Partial<Extract<CurtinSource, { from: 'archive' }>> = {}): CurtinSource => ({
  ...{ from: 'archive', version: VERSION, mirror: `${mirror.url}/archive`, suites: [SUITE] },
  keyring: join(dir, 'archive.gpg'),
  ...more,
});
const sumOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
const pooled = (name: string) => join(dir, 'archive/pool', name);
const left = () => readdirSync(join(cache, 'curtins')).filter((name) => name.includes('partial'));

/** The version of curtin's own code, by which an installer is packed. */
async function packed(source: CurtinSource): Promise<string> {
  const files = await obtainCurtin(source, work());
  const curtin = await findCurtin(files, mkdtempSync(join(dir, 'unpacked-')), work().signal);
  const { installer } = await packInstaller(curtin, {
    configs: ['a: 1'],
    source: 'file:///x',
    signal: work().signal,
  });
  return installer.toString('latin1');
}

describe('a version of an archive', () => {
  test('is fetched by apt, kept, and packs an installer', async () => {
    const source = archive();
    expect(await curtinIsHere(source, work())).toBe(false);
    expect(await packed(source)).toMatch(/^#!\/bin\//);
    const files = await obtainCurtin(source, work());
    const digest = await curtinDigest(files, work().signal);
    expect(digest.files).toEqual(DEBS.map((name) => ({ name, sha256: sumOf(pooled(name)) })));
    expect(await curtinIsHere(source, work())).toBe(true);
  });

  test('needs no archive when it is in the cache, and is fetched again when its files are damaged', async () => {
    const first = await obtainCurtin(archive(), work());
    if (!('debs' in first)) throw new Error('a folder');
    const one = first.debs[0]!;
    writeFileSync(one.path, 'damaged');
    expect(await curtinIsHere(archive(), work())).toBe(false);
    const again = await obtainCurtin(archive(), work());
    expect(again).toEqual(first);
    expect(sumOf(one.path)).toBe(one.sha256);
  });

  // Messages of apt 2.6.1.
  test.each<[string, () => Partial<Extract<CurtinSource, { from: 'archive' }>>, string, RegExp]>([
    [
      'that it does not have',
      () => ({ version: '99.9-1' }),
      'CURTIN_MISSING',
      new RegExp(`It has: ${VERSION.replaceAll('.', '\\.')}`),
    ],
    ['of another suite', () => ({ suites: ['noble'] }), 'CURTIN_MISSING', /does not have a Release file/],
    [
      'with the signature of another key',
      () => ({ keyring: join(dir, 'other.gpg') }),
      'CURTIN_MISSING',
      /NO_PUBKEY|not signed/,
    ],
    ['without a keyring', () => ({ keyring: '/nowhere.gpg' }), 'CURTIN_MISSING', /keyring \/nowhere\.gpg/],
    [
      'of which a file is another one',
      () => ({ mirror: `${mirror.url}/changed` }),
      'CURTIN_MISSING',
      /Hash Sum mismatch|unexpected size/,
    ],
    [
      'of a server that does not answer',
      () => ({ mirror: 'http://127.0.0.1:1/ubuntu' }),
      'DOWNLOAD_FAILED',
      /Could not connect|Connection refused/,
    ],
  ])('%s is refused, and leaves nothing', async (_, more, code, said) => {
    const error = await obtainCurtin(archive(more()), work()).catch((one: unknown) => one);
    expect(error).toMatchObject({ code });
    const { message, detail, hint } = error as { message: string; detail?: string; hint?: string };
    expect([message, detail, hint].join('\n')).toMatch(said);
    expect(left()).toEqual([]);
  });

  test('without a signature is taken when no keyring is asked for', async () => {
    expect(await packed(archive({ keyring: 'none' }))).toMatch(/^#!\/bin\//);
  });

  test('is not fetched when the command is interrupted', async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(obtainCurtin(archive(), work(abort.signal))).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(left()).toEqual([]);
  });
});

describe('.deb files', () => {
  const debs = (...named: [at: string, sha256?: string][]): CurtinSource => ({
    from: 'debs',
    debs: named.map(([at, sha256 = null]) => ({ at, sha256 })),
  });

  test('of this host, each by its own sum', async () => {
    const source = debs([pooled(DEBS[1]!)], [pooled(DEBS[0]!)]);
    expect(await packed(source)).toMatch(/^#!\/bin\//);
    const { files } = await curtinDigest(await obtainCurtin(source, work()), work().signal);
    expect(files.map(({ sha256 }) => sha256)).toEqual(
      [DEBS[1]!, DEBS[0]!].map((name) => sumOf(pooled(name))),
    );
    expect(existsSync(join(cache, 'curtins'))).toBe(false);
  });

  test('the helpers are taken from beside python3-curtin', async () => {
    expect(await packed(debs([pooled(DEBS[1]!)]))).toMatch(/^#!\/bin\//);
  });

  test('by URL, when they have the sums that are asked for; the mirror is asked once', async () => {
    const source = debs(
      ...DEBS.map((name): [string, string] => [`${mirror.url}/archive/pool/${name}`, sumOf(pooled(name))]),
    );
    expect(await packed(source)).toMatch(/^#!\/bin\//);
    const moved = join(dir, 'moved');
    cpSync(join(dir, 'archive/pool'), moved, { recursive: true });
    rmSync(join(dir, 'archive/pool'), { recursive: true });
    try {
      expect(await packed(source)).toMatch(/^#!\/bin\//);
    } finally {
      cpSync(moved, join(dir, 'archive/pool'), { recursive: true });
    }
  });

  test.each<[string, () => CurtinSource, string, RegExp]>([
    [
      'another sum',
      () => debs([`${mirror.url}/archive/pool/${DEBS[1]}`, 'a'.repeat(64)]),
      'SUMS_UNTRUSTED',
      /should have a{64}/,
    ],
    [
      'a URL that is not there',
      () => debs([`${mirror.url}/none.deb`, 'a'.repeat(64)]),
      'DOWNLOAD_FAILED',
      /answered 404/,
    ],
    ['a path that is not there', () => debs(['/nowhere/python3-curtin.deb']), 'CURTIN_MISSING', /\/nowhere/],
  ])('%s is refused, and leaves nothing', async (_, source, code, said) => {
    await expect(obtainCurtin(source(), work())).rejects.toMatchObject({
      code,
      message: expect.stringMatching(said),
    });
    expect(existsSync(join(cache, 'curtins')) ? left() : []).toEqual([]);
  });

  test.each([
    [
      'no package',
      () => join(dir, 'archive/dists', SUITE, 'Release'),
      /not a package that dpkg-deb can read/,
    ],
    ['one package without the helpers', () => alone(), /neither curtin\/pack\.py/],
  ])('%s is refused', async (_, path, said) => {
    const files = await obtainCurtin(debs([path()]), work());
    await expect(findCurtin(files, mkdtempSync(join(dir, 'unpacked-')), work().signal)).rejects.toMatchObject(
      {
        ...{ code: 'CURTIN_MISSING', hint: expect.stringContaining('apt-get download') },
        message: expect.stringMatching(said),
      },
    );
  });
});

function alone(): string {
  const folder = mkdtempSync(join(dir, 'alone-'));
  cpSync(pooled(DEBS[1]!), join(folder, DEBS[1]!));
  return join(folder, DEBS[1]!);
}

test('a folder is used as it is', async () => {
  expect(await obtainCurtin({ from: 'folder', path: CURTIN }, work())).toEqual({ folder: CURTIN });
  mkdirSync(join(cache, 'empty'));
  await expect(findCurtin({ folder: join(cache, 'empty') }, cache, work().signal)).rejects.toMatchObject({
    code: 'CURTIN_MISSING',
  });
});
