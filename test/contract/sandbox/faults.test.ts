import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../../sandbox/server.ts';
import { call, create, newest, put, read, sandbox } from './client.ts';

const content = randomBytes(300_000);
const parts = [0, 1, 2].map((index) => content.subarray(index * 100_000, (index + 1) * 100_000)) as [
  Buffer,
  Buffer,
  Buffer,
];
const chunks = (server: Sandbox) => server.requests.filter((request) => request.kind === 'chunk');
const stored = async (server: Sandbox, id: number) => {
  const set = newest(await read(server, id));
  return set.complete ? set.size : Math.round((set.progress / 100) * set.size);
};

describe('faults', () => {
  test('reset: the second PUT is cut in its body and nothing of it is kept', async () => {
    const server = await sandbox({ faults: ['put:2:reset'] });
    const { id, uri } = await create(server, content);
    expect((await put(server, uri, parts[0])).status).toBe(200);
    await expect(put(server, uri, parts[1])).rejects.toThrow();
    expect(await stored(server, id)).toBe(100_000);
    expect((await put(server, uri, parts[1])).status).toBe(200);
    expect(chunks(server).map((request) => [request.status, request.fault])).toEqual([
      [200, undefined],
      [null, 'put:2:reset'],
      [200, undefined],
    ]);
  });

  test('late: stored and answered, not before the time is over', async () => {
    const server = await sandbox({ faults: ['chunk:1:late:0.3'] });
    const { id, uri } = await create(server, content);
    const began = performance.now();
    expect((await put(server, uri, parts[0])).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(290);
    expect(await stored(server, id)).toBe(100_000);
  });

  test('lost: stored, but never answered', async () => {
    const server = await sandbox({ faults: ['chunk:1:lost'] });
    const { id, uri } = await create(server, content);
    await expect(put(server, uri, parts[0])).rejects.toThrow();
    expect(await stored(server, id)).toBe(100_000);
  });

  test('lost at the last chunk completes the file', async () => {
    const server = await sandbox({ faults: ['put:last:lost'] });
    const { id, uri } = await create(server, content);
    await put(server, uri, parts[0]);
    await put(server, uri, parts[1]);
    await expect(put(server, uri, parts[2])).rejects.toThrow();
    expect(newest(await read(server, id)).complete).toBe(true);
  });

  test('idle-close: answered, and the connection fails when it is used again', async () => {
    const server = await sandbox({ faults: ['put:1:idle-close'] });
    const { id, uri } = await create(server, content);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await put(server, uri, parts[0], { agent })).status).toBe(200);
    await expect(put(server, uri, parts[1], { agent })).rejects.toThrow();
    expect((await put(server, uri, parts[1], { agent })).status).toBe(200);
    expect(await stored(server, id)).toBe(200_000);
    agent.destroy();
  });

  test('stall: no answer, nothing stored', async () => {
    const server = await sandbox({ faults: ['put:1:stall:0.1'] });
    const { id, uri } = await create(server, content);
    await expect(put(server, uri, parts[0])).rejects.toThrow();
    expect(await stored(server, id)).toBe(0);
  });

  test('slow: the body is read at the given rate', async () => {
    const server = await sandbox({ faults: ['put:1:slow:500000'] });
    const { uri } = await create(server, content);
    const started = performance.now();
    expect((await put(server, uri, parts[0])).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(150);
  });

  test.each([
    [408, 'text/html', undefined],
    [409, 'text/html; charset=utf-8', '5'],
    [413, 'text/html', undefined],
    [425, 'text/plain; charset=utf-8', undefined],
    [429, 'text/plain; charset=utf-8', undefined],
    [500, 'text/plain; charset=utf-8', undefined],
    [502, 'text/html', undefined],
    [503, 'text/html', undefined],
  ])('%i: answered so, nothing stored', async (status, type, retryAfter) => {
    const server = await sandbox({ faults: [`put:1:${status}`] });
    const { id, uri } = await create(server, content);
    const answer = await put(server, uri, parts[0]);
    expect([answer.status, answer.headers['content-type'], answer.headers['retry-after']]).toEqual([
      status,
      type,
      retryAfter,
    ]);
    expect(await stored(server, id)).toBe(0);
    expect((await put(server, uri, parts[0])).status).toBe(200);
  });

  test('a status can say when to come again', async () => {
    const server = await sandbox({ faults: ['put:1:503:7'] });
    const { uri } = await create(server, content);
    expect((await put(server, uri, parts[0])).headers['retry-after']).toBe('7');
  });

  test.each([
    ['3.5', 500, '[Errno 28] No space left on device'],
    ['3.8', 400, 'No space left on device'],
  ])('disk-full on %s', async (family, status, text) => {
    const server = await sandbox({ family, faults: ['put:1:disk-full'] });
    const { id, uri } = await create(server, content);
    expect(await put(server, uri, parts[0])).toMatchObject({ status, text });
    expect(await stored(server, id)).toBe(0);
  });

  test('restart: gone in the middle of a body, back on the same port, and the upload goes on', async () => {
    const server = await sandbox({ faults: ['put:2:restart:0.2'] });
    const { id, uri } = await create(server, content);
    await put(server, uri, parts[0]);
    await expect(put(server, uri, parts[1])).rejects.toThrow();
    await expect(put(server, uri, parts[1])).rejects.toThrow(/ECONNREFUSED/);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect((await put(server, uri, parts[1])).status).toBe(200);
    expect((await put(server, uri, parts[2])).status).toBe(200);
    expect(newest(await read(server, id)).complete).toBe(true);
  });

  test('a restarting or stalling server can be closed', async () => {
    const server = await sandbox({ faults: ['get:1:restart:60', 'delete:1:stall'] });
    const stalled = call(server, 'DELETE', 'boot-resources/1/').catch(() => 'cut');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(call(server, 'GET', 'version/')).rejects.toThrow();
    await server.close();
    expect(await stalled).toBe('cut');
  });

  test('rules by kind, for each, from the n-th on, and added later', async () => {
    const server = await sandbox({ faults: ['whoami:2+:503', 'version:*:500'] });
    const status = async (path: string) => (await call(server, 'GET', path)).status;
    expect([await status('users/?op=whoami'), await status('users/?op=whoami')]).toEqual([200, 503]);
    expect([await status('users/?op=whoami'), await status('version/')]).toEqual([503, 500]);
    expect(await status('boot-resources/')).toBe(200);
    server.addFault('list:1:502');
    expect([await status('boot-resources/'), await status('boot-resources/')]).toEqual([502, 200]);
  });

  test('all rules can be taken back', async () => {
    const server = await sandbox({ faults: ['*:*:500'] });
    expect((await call(server, 'GET', 'version/')).status).toBe(500);
    server.clearFaults();
    expect((await call(server, 'GET', 'version/')).status).toBe(200);
  });

  test('last is the chunk that completes the file, once', async () => {
    const server = await sandbox({ faults: ['chunk:last:500'] });
    const { uri } = await create(server, content);
    const statuses = [];
    for (const part of [...parts, parts[2]]) statuses.push((await put(server, uri, part)).status);
    expect(statuses).toEqual([200, 200, 500, 200]);
  });
});

describe('the counters', () => {
  test('by method, by kind and in all; the log has bytes and connections', async () => {
    const server = await sandbox();
    const { uri } = await create(server, content);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await put(server, uri, parts[0], { agent });
    await put(server, uri, parts[1], { agent });
    await call(server, 'GET', 'nonsense/');
    agent.destroy();
    expect(server.counts).toEqual({ total: 4, POST: 1, create: 1, PUT: 2, chunk: 2, GET: 1, unknown: 1 });
    const [one, two] = chunks(server);
    expect(one).toMatchObject({ number: 2, method: 'PUT', path: uri, received: 100_000, status: 200 });
    expect(two?.connection).toBe(one?.connection);
    expect(server.requests[0]?.connection).not.toBe(one?.connection);
  });

  test('no log line, log entry or state has a part of a key', async () => {
    const lines: string[] = [];
    const server = await sandbox({ log: (line) => lines.push(line) });
    await create(server, content);
    await call(server, 'GET', 'users/?op=whoami', { key: server.userKey });
    expect(lines).toHaveLength(2);
    const written = lines.join() + JSON.stringify(server.requests);
    for (const part of [server.apiKey, server.userKey].flatMap((key) => key.split(':')))
      expect(written).not.toContain(part);
  });
});
