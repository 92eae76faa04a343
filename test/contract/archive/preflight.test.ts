import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { $ } from 'zx';
import { askArchives } from '../../../pipeline/install/archive/preflight.ts';
import { repositoryFiles } from '../../../scripts/archive/build.ts';
import { makeDebs } from '../../../scripts/archive/debs.ts';
import { serveFolder } from '../../../scripts/archive/serve.ts';
import { type ArchiveKey, makeDists, makeKey } from '../../../scripts/archive/sign.ts';

// The accepted inputs and the messages are apt's own: 2.6.1 of Debian 12.

const ARCHIVE = 'http://archive.example/ubuntu';
let dir: string;
let key: ArchiveKey;
let other: ArchiveKey;
let server: { url: string; close(): void };

/** Archives of one package, by what is wrong with them. */
const ARCHIVES: Record<string, (folder: string) => Promise<void>> = {
  good: (folder) => signed(folder),
  expired: (folder) =>
    signed(folder, { Date: 'Sat, 01 Jan 2022 00:00:00 UTC', 'Valid-Until': 'Sun, 02 Jan 2022 00:00:00 UTC' }),
  future: (folder) => signed(folder, { Date: 'Sat, 01 Jan 2096 00:00:00 UTC' }),
  unsigned: (folder) => makeDists(folder, { key: null, suite: 'demo', architecture: 'amd64' }),
  'wrong-key': (folder) => makeDists(folder, { key: other, suite: 'demo', architecture: 'amd64' }),
  // As a proxy that lies would: the text is another one than the one that was signed.
  changed: async (folder) => {
    await signed(folder);
    const file = join(folder, 'dists/demo/InRelease');
    await writeFile(file, (await readFile(file, 'utf8')).replace('Origin: demo', 'Origin: DEMO'));
    await rm(join(folder, 'dists/demo/Release.gpg'));
  },
};

async function signed(folder: string, options: Record<string, string> = {}): Promise<void> {
  await makeDists(folder, { key, suite: 'demo', architecture: 'amd64', options });
}

beforeAll(async () => {
  $.quiet = true;
  dir = await mkdtemp(join(tmpdir(), 'preflight-'));
  key = await makeKey();
  other = await makeKey();
  await makeDebs(join(dir, 'debs'), { 'nvidia-imex': { version: '580.95.05-1' } }, 'amd64');
  for (const [name, make] of Object.entries(ARCHIVES)) {
    const folder = join(dir, 'served', name);
    await mkdir(folder, { recursive: true });
    await cp(join(dir, 'debs'), join(folder, 'pool'), { recursive: true });
    await make(folder);
  }
  await repositoryFiles(join(dir, 'repository.tgz'), key.keyring, dir, ARCHIVE);
  await mkdir(join(dir, 'root/etc/apt/sources.list.d'), { recursive: true });
  await writeFile(join(dir, 'root/etc/os-release'), 'ID=ubuntu\n');
  await $`tar -C ${join(dir, 'root')} -cJf ${join(dir, 'root.tar.xz')} .`;
  server = await serveFolder(join(dir, 'served'));
}, 120_000);

afterAll(async () => {
  server?.close();
  await key?.remove();
  await other?.remove();
  await rm(dir, { recursive: true, force: true });
});

const ask = (name: string, given: { root?: string; repository?: string } = {}) =>
  askArchives({
    ...{ root: join(dir, 'root.tar.xz'), repository: join(dir, 'repository.tgz'), ...given },
    ...{ architecture: 'amd64' as const, mirrors: { [ARCHIVE]: `${server.url}/${name}` } },
    ...{ dir: join(dir, 'asked'), emit() {}, signal: new AbortController().signal },
  });

it('an archive with a valid signature is accepted, by its mirror', async () => {
  expect(await ask('good')).toEqual([`${server.url}/good demo InRelease`]);
}, 60_000);

it.each([
  ['expired', /expired|not valid/],
  ['future', /not valid yet/],
  ['unsigned', /not signed|unsigned|NO_PUBKEY/i],
  ['wrong-key', /NO_PUBKEY|not signed/],
  ['changed', /BADSIG|not signed|NOSPLIT|clearsigned/],
  ['not-there', /does not have a Release file/],
])(
  'an archive that is %s ends the run before anything long, by its address',
  async (name, said) => {
    await expect(ask(name)).rejects.toMatchObject({
      ...{ code: 'ARCHIVE_UNUSABLE', exitCode: 5, hint: expect.stringContaining('mirrors:') },
      message: expect.stringMatching(said),
      detail: expect.stringContaining(`${server.url}/${name}`),
    });
  },
  60_000,
);

it('files without a source, and those that hold other things than a tar, are named as what they hold', async () => {
  const root = join(dir, 'root.tar.xz');
  await expect(ask('good', { repository: root })).rejects.toMatchObject({
    message: 'Neither the root nor the repository files name an apt source',
  });
  const file = join(dir, 'no.tgz');
  await writeFile(file, 'text');
  await expect(ask('good', { repository: file })).rejects.toMatchObject({
    ...{ code: 'ARCHIVE_UNUSABLE', message: expect.stringContaining(`${file} cannot be read as a tar`) },
  });
  const cut = join(dir, 'cut.tar.xz');
  await writeFile(cut, (await readFile(root)).subarray(0, 100));
  await expect(ask('good', { root: cut })).rejects.toMatchObject({ code: 'ARCHIVE_UNUSABLE' });
}, 60_000);

it('a source that the root brings is asked, too', async () => {
  const list = join(dir, 'root/etc/apt/sources.list.d/more.sources');
  await appendFile(list, 'Types: deb\nURIs: http://127.0.0.1:1/ubuntu\nSuites: noble\nComponents: main\n');
  const root = join(dir, 'more.tar');
  await $`tar -C ${join(dir, 'root')} -cf ${root} .`;
  await expect(ask('good', { root })).rejects.toMatchObject({
    detail: expect.stringContaining('http://127.0.0.1:1/ubuntu'),
  });
}, 60_000);

it.each([
  ['an absolute link', (host: string) => host],
  ['a relative link', (host: string) => `../../../../../../../../../../..${host}`],
])(
  '%s of the root leads to nothing of this host',
  async (_, target) => {
    const host = await mkdtemp(join(dir, 'host-'));
    const list = join(host, 'demo.list');
    await writeFile(list, `deb ${ARCHIVE} other main\n`);
    const linked = await mkdtemp(join(dir, 'linked-'));
    await mkdir(join(linked, 'etc/apt'), { recursive: true });
    await symlink(target(host), join(linked, 'etc/apt/sources.list.d'));
    const root = `${linked}.tar`;
    await $`tar -C ${linked} -cf ${root} .`;
    expect(await ask('good', { root })).toEqual([`${server.url}/good demo InRelease`]);
    expect(await readdir(host)).toEqual(['demo.list']);
    expect(await readFile(list, 'utf8')).toBe(`deb ${ARCHIVE} other main\n`);
  },
  60_000,
);
