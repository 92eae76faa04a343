import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { call, create, folder, newest, put, read, sandbox, sha256, sign } from './client.ts';

const content = randomBytes(300);

describe.each(['3.4', '3.5', '3.8'])('a second start of %s on one folder', (family) => {
  test('goes on with images, keys and half-sent uploads', async () => {
    const dir = folder();
    const before = await sandbox({ dir, family });
    const done = await create(before, content);
    await put(before, done.uri, content);
    const half = randomBytes(200);
    const open = await create(before, half, { name: 'half' });
    await put(before, open.uri, half.subarray(0, 100));
    await before.close();

    const after = await sandbox({ dir });
    expect([after.apiKey, after.userKey, after.family]).toEqual([before.apiKey, before.userKey, family]);
    expect(newest(await read(after, done.id)).complete).toBe(true);
    expect(newest(await read(after, open.id)).progress).toBe(50);
    expect((await put(after, open.uri, half.subarray(100))).text).toBe('OK');
    expect((await create(after, content, { name: 'next' })).id).toBeGreaterThan(open.id);
  });
});

describe('the folder', () => {
  test('holds the keys, readable by the owner only', async () => {
    const server = await sandbox();
    expect(readFileSync(server.keyFile, 'utf8').trim()).toBe(server.apiKey);
    expect(statSync(server.keyFile).mode & 0o777).toBe(0o600);
    expect(server.apiKey).toMatch(/^[A-Za-z0-9]{18}:[A-Za-z0-9]{18}:[A-Za-z0-9]{32}$/);
  });

  test('serves one sandbox at a time', async () => {
    const dir = folder();
    await sandbox({ dir });
    await expect(sandbox({ dir })).rejects.toMatchObject({ code: 'WORKSPACE_LOCKED' });
  });

  test('is of one version', async () => {
    const dir = folder();
    await (await sandbox({ dir, family: '3.4' })).close();
    await expect(sandbox({ dir, family: '3.5' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('with a broken state is refused, not overwritten', async () => {
    const dir = folder();
    await (await sandbox({ dir })).close();
    writeFileSync(join(dir, 'state.json'), '{"format":');
    await expect(sandbox({ dir })).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT' });
    expect(readFileSync(join(dir, 'state.json'), 'utf8')).toBe('{"format":');
  });

  test('holds the bytes of what there is, and no others', async () => {
    const dir = folder();
    const server = await sandbox({ dir });
    const { id, uri } = await create(server, content);
    await put(server, uri, content);
    const [blob] = readdirSync(join(dir, 'blobs'));
    expect(sha256(readFileSync(join(dir, 'blobs', blob as string)))).toBe(sha256(content));
    await call(server, 'DELETE', `boot-resources/${id}/`);
    expect(readdirSync(join(dir, 'blobs'))).toEqual([]);
    const old = await create(server, content);
    await put(server, old.uri, content);
    await create(server, randomBytes(10));
    expect(readdirSync(join(dir, 'blobs'))).toEqual([]);
    await server.close();
    expect(existsSync(join(dir, 'spool'))).toBe(false);
  });

  test('a taken port is said', async () => {
    const server = await sandbox();
    const port = Number(new URL(server.url).port);
    await expect(sandbox({ port })).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  });

  test('listens on loopback only', async () => {
    expect((await sandbox()).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/MAAS$/);
  });
});

const SERVER = new URL('../../../sandbox/server.ts', import.meta.url).href;

/** A sandbox in a process of its own, for kill -9. */
async function inProcess(dir: string) {
  const code = `import { startSandbox } from ${JSON.stringify(SERVER)};
    const { url, apiKey } = await startSandbox({ dir: ${JSON.stringify(dir)} });
    console.log(JSON.stringify({ url, apiKey }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await new Promise<Buffer>((resolve) => child.stdout.once('data', resolve)))
    .toString()
    .split('\n');
  const { url, apiKey } = JSON.parse(line as string) as { url: string; apiKey: string };
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  return { url, apiKey, kill };
}

test('kill -9 in the middle of a chunk: a new process goes on from the last whole one', async () => {
  const dir = folder();
  const running = await inProcess(dir);
  const known = { ...running } as unknown as Parameters<typeof call>[0];
  const { id, uri } = await create(known, content);
  await put(known, uri, content.subarray(0, 100));
  const headers = { authorization: sign(running.apiKey), 'content-length': 100 };
  const asked = request(new URL(uri, running.url), { method: 'PUT', headers });
  asked.on('error', () => undefined);
  await new Promise<void>((resolve) => asked.write(content.subarray(100, 150), () => resolve()));
  await running.kill();

  const after = await sandbox({ dir });
  expect(newest(await read(after, id)).progress).toBeCloseTo(100 / 3, 10);
  expect((await put(after, uri, content.subarray(100))).text).toBe('OK');
});
