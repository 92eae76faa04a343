import { createHash } from 'node:crypto';
import { mkdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { maasUrl } from '../../../pipeline/config/maas-url.ts';
import { FolderStore } from '../../../pipeline/store/folder.ts';
import { StoreLedger } from '../../../pipeline/store/ledger.ts';
import { NO_SIGNATURES } from '../../../pipeline/store/trust.ts';
import { record } from '../../../pipeline/workspace/ledger/ledger.ts';
import { shareLedger } from '../../../pipeline/workspace/ledger/shared.ts';
import { startSandbox } from '../../../sandbox/server.ts';
import { Host } from '../cli/host.ts';
import { Builder, keysOf } from './builders.ts';

let host: Host;
let store: string;

beforeEach(async () => {
  host = new Host();
  store = join(host.dir, 'store');
  host.env.DGXOS_MAAS_STORE = store;
  const one = new Builder(join(host.dir, 'one'), store);
  one.trees.build = { 'root.tar': { bytes: Buffer.alloc(200_000, 'root') } };
  await one.run();
});
afterEach(() => host.remove());

const run = (...args: string[]) => host.run(['--json', 'store', ...args]);
const keyOf = async (start: string) => (await keysOf(store)).find((key) => key.startsWith(start)) as string;

async function age(key: string, days: number): Promise<void> {
  const at = Date.now() / 1000 - days * 86_400;
  await utimes(join(store, key), at, at);
}

it('lists results, as a table too, and what cannot be read', async () => {
  await writeFile(join(store, 'notes.txt'), 'of somebody else');
  const { json, code, stderr } = await run('list');
  expect(code, stderr).toBe(0);
  expect(json).toMatchObject({ ok: true, place: store, bad: [] });
  expect(json.results.map(({ stage }: { stage: string }) => stage).sort()).toEqual([
    'build',
    'pack',
    'render',
  ]);
  await truncate(join(store, await keyOf('records/pack')), 10);
  const table = await host.run(['store', 'list']);
  expect(table.stdout).toMatch(/^STAGE +FINGERPRINT +PUT +SIZE/);
  expect(table.stdout).toMatch(/bad: records\/pack\/[0-9a-f]{64}\.json: .*it is not JSON/);
});

it('verify reads everything, and with --remove deletes what is bad with the results that name it', async () => {
  expect((await run('verify')).json).toMatchObject({ ok: true, results: 3, files: 2, bad: [] });
  const sha256 = (await keyOf('blobs/')).split('/')[2] as string;
  await truncate(join(store, await keyOf(`blobs/${sha256.slice(0, 2)}/${sha256}`)), 1);
  const bad = await run('verify');
  expect(bad.code).toBe(6);
  expect(bad.json.ok).toBe(false);
  expect(bad.json.bad[0]).toMatchObject({ key: expect.stringContaining(sha256) });
  const removed = await run('verify', '--remove');
  expect(removed.code, removed.stderr).toBe(0);
  expect(await keysOf(store)).not.toContainEqual(expect.stringContaining(sha256));
  const after = await run('verify');
  expect(after.code).toBe(0);
  expect(after.json.results).toBeLessThan(3);
});

it('gc deletes by age, and files only when no result that is kept names them', async () => {
  const build = await keyOf('records/build');
  await age(build, 40);
  for (const key of await keysOf(store)) if (key.startsWith('blobs/')) await age(key, 40);
  const before = await keysOf(store);
  const dry = await run('gc', '--older-than', '30d', '--dry-run');
  expect(dry.json).toMatchObject({ dryRun: true, results: [{ stage: 'build' }], files: 1, bytes: 200_000 });
  expect(await keysOf(store)).toEqual(before);
  const done = await run('gc', '--older-than', '30d');
  expect(done.json).toMatchObject({ results: [{ stage: 'build' }], files: 1 });
  const left = await keysOf(store);
  expect(left).not.toContain(build);
  expect(left.filter((key) => key.startsWith('blobs/'))).toHaveLength(1);
  expect((await run('verify')).json).toMatchObject({ ok: true, results: 2 });
});

it('gc keeps the newest results up to a size, files without a record for a day, and files of others for ever', async () => {
  const orphan = `blobs/aa/${'a'.repeat(64)}`;
  const two = new Builder(join(host.dir, 'two'), store);
  two.knobs.render = 'other';
  await two.run({ until: 'render' });
  for (const name of ['notes.txt', 'blobs/notes.txt']) await writeFile(join(store, name), 'mine');
  await age('notes.txt', 400);
  await mkdir(join(store, 'blobs/aa'), { recursive: true });
  await writeFile(join(store, orphan), 'x');
  expect((await run('gc')).json).toMatchObject({ results: [], files: 0 });
  await age(orphan, 2);
  expect((await run('gc')).json).toMatchObject({ results: [], files: 1 });
  const all = await run('gc', '--keep-bytes', '1K');
  expect(all.json.results.length).toBeGreaterThan(0);
  const left = await keysOf(store);
  expect(left).toContain('notes.txt');
  expect(left).toContain('blobs/notes.txt');
  expect((await run('verify')).json.ok).toBe(true);
});

it('gc keeps what ledgers and channels name, of this host and of the store', async () => {
  const pack = new Builder(join(host.dir, 'two'), store);
  pack.trees.pack = { 'img.tar.gz': { bytes: Buffer.from('an artifact') } };
  pack.knobs.pack = 'other';
  await pack.run();
  const sha256 = createHash('sha256').update('an artifact').digest('hex');
  const entry = {
    ...{
      did: 'completed' as const,
      target: 'http://maas/MAAS',
      resourceId: 7,
      name: 'img-1',
      image: 'img',
      sha256,
      size: 1,
    },
    ...{
      architecture: 'amd64/generic',
      set: 's',
      title: '',
      baseImage: '',
      filetype: 'tgz',
      file: '/x',
      validated: true,
    },
  } as const;
  for (const key of await keysOf(store)) await age(key, 40);
  const gc = async () => (await run('gc', '--older-than', '30d', '--dry-run')).json;
  expect(await gc()).toMatchObject({ named: 0, results: { length: 4 } });
  await record(entry, host.env, () => {});
  expect(await gc()).toMatchObject({ named: 1, results: { length: 3 } });
  // No more after it was pruned from MAAS, but for a channel that holds it, which another builder has noted in the store.
  await record({ ...entry, did: 'pruned' }, host.env, () => {});
  expect(await gc()).toMatchObject({ named: 0 });
  const { signal } = new AbortController();
  const other = { XDG_STATE_HOME: join(host.dir, 'other') };
  const open = async () => new FolderStore(store, signal);
  const emit = () => {};
  shareLedger(other, new StoreLedger(open, NO_SIGNATURES, false, { env: other, emit, signal }));
  await record({ ...entry, did: 'promoted', name: 'img-stable' }, other, emit);
  expect((await run('gc', '--older-than', '30d')).json).toMatchObject({ named: 1 });
  const left = await keysOf(store);
  expect(left).toContain(`blobs/${sha256.slice(0, 2)}/${sha256}`);
  expect(left.filter((key) => key.startsWith('records/'))).toEqual([
    expect.stringContaining('records/pack/'),
  ]);
  expect(left.filter((key) => key.startsWith('ledger/'))).toHaveLength(1);
  expect((await run('verify')).json).toMatchObject({ ok: true, results: 1 });
});

it('a ledger in the store is that of every command, and needs a store', async () => {
  const other = { XDG_STATE_HOME: join(host.dir, 'other') };
  await writeFile(
    join(host.dir, 'dgxos-maas.yaml'),
    `${JSON.stringify({ ledger: 'store', images: { img: IMAGE } })}\n`,
  );
  const { signal } = new AbortController();
  shareLedger(
    other,
    new StoreLedger(async () => new FolderStore(store, signal), NO_SIGNATURES, false, {
      env: other,
      emit() {},
      signal,
    }),
  );
  const sandbox = await startSandbox({ dir: join(host.dir, 'maas') });
  try {
    const env = { MAAS_API_URL: sandbox.url, MAAS_API_KEY: sandbox.apiKey };
    const entry = {
      ...{
        did: 'completed' as const,
        target: maasUrl(sandbox.url),
        resourceId: 7,
        name: 'img-1.0-x',
        image: 'img',
        sha256: 'a'.repeat(64),
        size: 1,
      },
      ...{
        architecture: 'amd64/generic',
        set: 's',
        title: '',
        baseImage: '',
        filetype: 'tgz',
        file: '/x',
        validated: true,
      },
    } as const;
    await record(entry, other, () => {});
    // It is in the ledger, though not in this MAAS: another answer than that of a host which knows no upload.
    const { stderr } = await host.run(['promote', 'img', '--channel', 'stable'], { env });
    expect(stderr).not.toContain('has no record of an upload');
    expect(stderr).toContain('img-1.0-x');
  } finally {
    await sandbox.close();
  }
  delete host.env.DGXOS_MAAS_STORE;
  const { code, stderr } = await host.run(['promote', 'img', '--channel', 'stable']);
  expect([code, stderr]).toEqual([3, expect.stringContaining('`ledger: store` needs a store')]);
});

const IMAGE = {
  ...{ release: 'demo', platform: 'demo1', version: '1.0' },
  iso: { source: 'none.iso', sha256: '0'.repeat(64) },
};

it('a wrong value, no store, and a store that cannot be reached are named', async () => {
  expect((await host.run(['store', 'gc', '--older-than', 'soon'])).stderr).toMatch(/such as 30d/);
  expect((await host.run(['store', 'gc', '--keep-bytes', 'much'])).stderr).toMatch(/such as 200G/);
  host.env.DGXOS_MAAS_STORE = 'http://127.0.0.1:1/store';
  const http = await run('list');
  expect(http.code).toBe(75);
  expect(http.stderr + http.stdout).toMatch(/cannot be reached/);
  delete host.env.DGXOS_MAAS_STORE;
  expect((await run('list')).code).toBe(3);
});

it('doctor reports the store, and one that is away is not a reason to fail', async () => {
  const good = await host.run(['--json', 'doctor']);
  const row = (json: { findings?: { tool: string }[]; tools?: { tool: string }[] }) =>
    (json.findings ?? json.tools ?? []).find(({ tool }) => tool === 'store');
  expect(row(good.json)).toMatchObject({ status: 'ok', found: `${store} (readable and writable)` });
  await rm(store, { recursive: true });
  host.env.DGXOS_MAAS_STORE = join(host.dir, 'not', 'mounted');
  const away = await host.run(['--json', 'doctor']);
  expect(row(away.json)).toMatchObject({
    status: 'optional',
    found: expect.stringContaining('is not there'),
  });
});
