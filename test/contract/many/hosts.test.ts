import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { Host } from '../cli/host.ts';
import { call } from '../sandbox/client.ts';
import { type SmallIso, smallInstaller } from './installer.ts';

// Hosts with a home and a workspace of their own each, that have a store and its ledger in common; the builds are real ones.
let dir: string;
let iso: SmallIso;
let maas: Sandbox;
const hosts: Host[] = [];
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'hosts-'));
  iso = await smallInstaller(dir);
  maas = await startSandbox({ dir: join(dir, 'maas') });
  mkdirSync(join(dir, 'store'));
});
afterAll(async () => {
  await maas?.close();
  for (const host of hosts) host.remove();
  rmSync(dir, { recursive: true, force: true });
});

/** @param image more settings of the image */
function host(image: object = {}, store = join(dir, 'store')): Host {
  const one = new Host({ MAAS_API_URL: maas.url, MAAS_API_KEY: maas.apiKey });
  hosts.push(one);
  configure(one, image, store);
  return one;
}

function configure(one: Host, image: object, store = join(dir, 'store')): void {
  const small = {
    ...{ release: 'demo', platform: 'demo1', version: '1.0', install: 'namespace' },
    ...{ iso: { source: iso.path, sha256: iso.sha256 }, ...image },
  };
  const config = { store, ledger: 'store', workspace: 'work', images: { small } };
  writeFileSync(join(one.dir, 'dgxos-maas.yaml'), JSON.stringify(config));
}

/** The workspace of a host that is another one. */
const hide = ({ dir: home }: Host) => renameSync(join(home, 'work'), join(home, 'hidden'));

/** The sum of the channel's data in MAAS. */
async function channel(): Promise<string | undefined> {
  const all = (await call(maas, 'GET', 'boot-resources/')).json as { id: number; name: string }[];
  const found = all.find(({ name }) => name.endsWith('-stable'));
  if (!found) return undefined;
  const { sets } = (await call(maas, 'GET', `boot-resources/${found.id}/`)).json as {
    sets: Record<string, { files: Record<string, { sha256: string }> }>;
  };
  const [newest] = Object.keys(sets).sort().reverse();
  return Object.values(sets[newest as string]!.files)[0]?.sha256;
}

it('one builds, another uploads, a third promotes, a fourth rolls back: what each needs comes from the store', async () => {
  const builder = host();
  const build = async () => {
    const { code, json, stdout, stderr } = await builder.run([
      '--json',
      'run',
      'small',
      '--until',
      'validate',
    ]);
    expect(code, stdout + stderr).toBe(0);
    return json.pack.artifact.sha256 as string;
  };
  const first = await build();

  const uploader = host();
  const upload = await uploader.run(['--json', 'upload', 'small']);
  expect(upload.code, upload.stdout + upload.stderr).toBe(0);
  expect(upload.json.upload.resources).toMatchObject([{ sha256: first, skipped: false }]);
  expect(readdirSync(join(uploader.dir, 'work/small/pack'))).toContain('small.tar.gz');
  expect(existsSync(join(uploader.dir, 'work/small/build/root.tar'))).toBe(false);
  // Hosts of a test have one file system: nobody may find the file where the other has it.
  hide(uploader);

  const channels = host();
  const promoted = await channels.run(['--json', 'promote', 'small', '--channel', 'stable']);
  expect(promoted.code, promoted.stdout + promoted.stderr).toBe(0);
  expect(await channel()).toBe(first);
  // No build, no pack: the artifact alone, kept for a way back.
  expect(readdirSync(join(channels.dir, 'work')).sort()).toEqual(['promoted']);

  configure(builder, { compression: 'small' });
  const second = await build();
  expect(second).not.toBe(first);
  const other = host({ compression: 'small' });
  const newer = await other.run(['--json', 'upload', 'small']);
  expect(newer.code, newer.stdout + newer.stderr).toBe(0);
  hide(other);
  expect((await channels.run(['--json', 'promote', 'small', '--channel', 'stable'])).code).toBe(0);
  expect(await channel()).toBe(second);

  // A host that has uploaded the first compares the second with it, so that the verdict is its own.
  renameSync(join(uploader.dir, 'hidden'), join(uploader.dir, 'work'));
  configure(uploader, { compression: 'small' });
  const again = await uploader.run(['--json', 'upload', 'small']);
  expect(again.code, again.stdout + again.stderr).toBe(0);
  expect(again.json.upload.resources).toMatchObject([{ sha256: second }]);
  hide(uploader);

  hide(channels);
  const last = host({ compression: 'small' });
  const back = await last.run(['--json', 'rollback', 'small', '--channel', 'stable']);
  expect(back.code, back.stdout + back.stderr).toBe(0);
  expect(await channel()).toBe(first);
}, 600_000);

it('an image that nobody has built is not built for an upload', async () => {
  const one = host({ version: '2.0' });
  const { code, json } = await one.run(['--json', 'upload', 'small']);
  expect(code).toBe(3);
  expect(json.error).toMatchObject({
    code: 'IMAGE_NOT_BUILT',
    message: expect.stringContaining('not ready for upload: '),
  });
  expect(existsSync(join(one.dir, 'work/small/pack'))).toBe(false);
  expect(existsSync(join(one.dir, 'work/small/build/root.tar'))).toBe(false);
}, 120_000);

it('an artifact that is damaged in the store is not promoted', async () => {
  const blobs = join(dir, 'store/blobs');
  for (const folder of readdirSync(blobs))
    for (const name of readdirSync(join(blobs, folder))) writeFileSync(join(blobs, folder, name), 'x');
  const one = host({ compression: 'small' });
  const { code, json, stderr } = await one.run(['--json', 'promote', 'small', '--channel', 'other']);
  expect(code).not.toBe(0);
  expect(json.error).toMatchObject({
    code: 'UPLOAD_MISSING',
    message: expect.stringContaining('and the store does not have it'),
  });
  expect(stderr).toContain('bad entry');
  expect(existsSync(join(one.dir, 'work/promoted'))).toBe(true);
  expect(readdirSync(join(one.dir, 'work/promoted'))).toEqual([]);
}, 120_000);
