import { mkdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
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

it('a wrong value, no store, and a store that cannot list are named', async () => {
  expect((await host.run(['store', 'gc', '--older-than', 'soon'])).stderr).toMatch(/such as 30d/);
  expect((await host.run(['store', 'gc', '--keep-bytes', 'much'])).stderr).toMatch(/such as 200G/);
  host.env.DGXOS_MAAS_STORE = 'http://127.0.0.1:1/store';
  const http = await run('list');
  expect(http.code).toBe(2);
  expect(http.stderr + http.stdout).toMatch(/cannot list its files/);
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
