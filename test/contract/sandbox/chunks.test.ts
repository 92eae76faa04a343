import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../../sandbox/server.ts';
import { call, create, newest, onlyFile, put, read, sandbox, sha256, sign } from './client.ts';

const content = randomBytes(300);
const first = content.subarray(0, 100);
const second = content.subarray(100, 200);
const third = content.subarray(200);

const answerTo = async (server: Sandbox, uri: string, body: Buffer, headers = {}) => {
  const answer = await put(server, uri, body, { headers });
  return [answer.status, answer.text];
};

const progress = async (server: Sandbox, id: number) => newest(await read(server, id)).progress;

describe.each(['3.4', '3.5'])('chunks to %s', (family) => {
  test('an empty body', async () => {
    const server = await sandbox({ family });
    const { uri } = await create(server, content);
    expect(await answerTo(server, uri, Buffer.alloc(0))).toEqual([400, 'Missing data.']);
  });

  test('more than the size stores nothing', async () => {
    const server = await sandbox({ family });
    const { id, uri } = await create(server, content);
    await put(server, uri, first);
    expect(await answerTo(server, uri, Buffer.alloc(201))).toEqual([400, 'Too much data received.']);
    expect(await progress(server, id)).toBeCloseTo(100 / 3, 10);
    expect(await answerTo(server, uri, second)).toEqual([200, 'OK']);
    expect(await answerTo(server, uri, third)).toEqual([200, 'OK']);
  });

  test('a wrong last chunk is rolled back, the earlier ones stay', async () => {
    const server = await sandbox({ family });
    const { id, uri } = await create(server, content);
    await put(server, uri, first);
    await put(server, uri, second);
    expect(await answerTo(server, uri, Buffer.alloc(100))).toEqual([
      400,
      'Saved content does not match given SHA256 value.',
    ]);
    expect(await progress(server, id)).toBeCloseTo(200 / 3, 10);
    expect(await answerTo(server, uri, third)).toEqual([200, 'OK']);
    expect(newest(await read(server, id)).complete).toBe(true);
  });

  test('after the last one', async () => {
    const server = await sandbox({ family });
    const { uri } = await create(server, content);
    await put(server, uri, content);
    expect(await answerTo(server, uri, first)).toEqual([400, 'Cannot upload to a complete file.']);
  });

  test('an upper-case sum never matches', async () => {
    const server = await sandbox({ family });
    const { uri } = await create(server, content, { sha256: sha256(content).toUpperCase() });
    expect((await answerTo(server, uri, content))[1]).toBe(
      'Saved content does not match given SHA256 value.',
    );
  });

  test('an unknown resource, an unknown file, a superseded upload', async () => {
    const server = await sandbox({ family });
    const old = await create(server, content);
    const fresh = await create(server, randomBytes(20));
    expect((await answerTo(server, old.uri, first))[0]).toBe(404);
    expect((await answerTo(server, '/MAAS/api/2.0/boot-resources/99/upload/1/', first))[0]).toBe(404);
    expect((await answerTo(server, `/MAAS/api/2.0/boot-resources/${fresh.id}/upload/999/`, first))[0]).toBe(
      404,
    );
  });

  test('a synced image', async () => {
    const server = await sandbox({ family });
    const [image] = (await call(server, 'GET', 'boot-resources/?type=synced')).json;
    expect(await answerTo(server, `${image.resource_uri}upload/1/`, first)).toEqual([
      403,
      'Cannot upload to a resource of type: 0.',
    ]);
  });

  test('Transfer-Encoding: chunked', async () => {
    const server = await sandbox({ family });
    const { id, uri } = await create(server, content);
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: sign(server.apiKey), 'transfer-encoding': 'chunked' };
      const asked = request(new URL(uri, server.url), { method: 'PUT', headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.on('error', reject);
      asked.end(first);
    });
    expect(status).toBe(400);
    expect(await progress(server, id)).toBe(0);
  });

  test('Content-Encoding: gzip is taken raw', async () => {
    const server = await sandbox({ family });
    const { id, uri } = await create(server, content);
    expect(await answerTo(server, uri, content, { 'content-encoding': 'gzip' })).toEqual([200, 'OK']);
    expect(newest(await read(server, id)).complete).toBe(true);
  });

  test('Content-Type multipart', async () => {
    const server = await sandbox({ family });
    const { uri } = await create(server, content);
    const type = { 'content-type': 'multipart/form-data; boundary=x' };
    expect((await answerTo(server, uri, first, type))[0]).toBe(500);
  });

  test('a connection cut in the middle stores nothing', async () => {
    const server = await sandbox({ family });
    const { id, uri } = await create(server, content);
    await put(server, uri, first);
    await new Promise<void>((resolve) => {
      const headers = { authorization: sign(server.apiKey), 'content-length': 100 };
      const asked = request(new URL(uri, server.url), { method: 'PUT', headers });
      asked.on('error', () => resolve());
      asked.write(second.subarray(0, 50), () => setTimeout(() => asked.destroy(), 20));
    });
    expect(await progress(server, id)).toBeCloseTo(100 / 3, 10);
    expect(await answerTo(server, uri, second)).toEqual([200, 'OK']);
  });

  test.each(['GET', 'POST', 'DELETE', 'PATCH'])('%s is not allowed', async (method) => {
    const server = await sandbox({ family });
    const { uri } = await create(server, content);
    const answer = await call(server, method, uri);
    expect([answer.status, answer.headers.allow]).toEqual([405, 'PUT']);
  });

  test('progress while it comes', async () => {
    const server = await sandbox({ family });
    const { id, uri } = await create(server, content);
    await put(server, uri, first);
    const resource = await read(server, id);
    expect(newest(resource).progress).toBeCloseTo(100 / 3, 10);
    // The file's own figure is a percentage on 3.5 and total over size on 3.4.
    expect(onlyFile(resource).progress).toBeCloseTo(family === '3.4' ? 3 : 100 / 3, 10);
    expect(onlyFile(resource).upload_uri).toBe(uri);
  });

  test('a size of 0 or less leaves nothing that could be sent', async () => {
    const server = await sandbox({ family });
    const zero = await create(server, Buffer.alloc(0), { name: 'zero' });
    // An empty large object is complete from the start; a file of 3.5 never is.
    expect(newest(zero.json).complete).toBe(family === '3.4');
    const below = await create(server, content, { name: 'below', size: -5 });
    expect((await answerTo(server, below.uri, first))[0]).toBe(400);
  });
});

/** Sends the head and half of the body, and returns what sends the rest. */
function halfSent(server: Sandbox, uri: string, body: Buffer): Promise<() => Promise<number>> {
  return new Promise((ready) => {
    const headers = { authorization: sign(server.apiKey), 'content-length': body.length };
    const asked = request(new URL(uri, server.url), { method: 'PUT', headers, agent: false });
    const status = new Promise<number>((resolve, reject) => {
      asked.on('error', reject);
      asked.on('response', (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      });
    });
    const rest = () => {
      asked.end(body.subarray(10));
      return status;
    };
    asked.write(body.subarray(0, 10), () => setTimeout(() => ready(rest), 20));
  });
}

describe('two chunks at once', () => {
  test('3.4 stores the first that is whole and fails the other', async () => {
    const server = await sandbox({ family: '3.4' });
    const { id, uri } = await create(server, content);
    const one = await halfSent(server, uri, first);
    const two = await halfSent(server, uri, second);
    expect(await two()).toBe(200);
    expect(await one()).toBe(500);
    expect(await progress(server, id)).toBeCloseTo(100 / 3, 10);
  });

  test('3.5 stores both in the order in which they end, so the sum is wrong', async () => {
    const server = await sandbox({ family: '3.5' });
    const { uri } = await create(server, content);
    const one = await halfSent(server, uri, first);
    const two = await halfSent(server, uri, second);
    expect(await two()).toBe(200);
    expect(await one()).toBe(200);
    expect(await answerTo(server, uri, third)).toEqual([
      400,
      'Saved content does not match given SHA256 value.',
    ]);
  });
});

describe('3.8 keeps its progress apart from the file on disk', () => {
  test('too much data deletes what has come, and the progress stays', async () => {
    const server = await sandbox({ family: '3.8' });
    const { id, uri } = await create(server, content);
    await put(server, uri, first);
    expect(await answerTo(server, uri, Buffer.alloc(201))).toEqual([400, 'Too much data received.']);
    expect(await progress(server, id)).toBeCloseTo(100 / 3, 10);
  });

  test('a new POST of the same sum starts at 0 over the bytes of the old one', async () => {
    const server = await sandbox({ family: '3.8' });
    const old = await create(server, content);
    await put(server, old.uri, first);
    const fresh = await create(server, content);
    expect(newest(fresh.json).progress).toBe(0);
    expect(await answerTo(server, fresh.uri, content)).toEqual([400, 'Too much data received.']);
  });

  test('after a DELETE it is clean', async () => {
    const server = await sandbox({ family: '3.8' });
    const old = await create(server, content);
    await put(server, old.uri, first);
    await call(server, 'DELETE', `boot-resources/${old.id}/`);
    const fresh = await create(server, content);
    expect(await answerTo(server, fresh.uri, content)).toEqual([200, 'OK']);
  });
});

test('a body larger than what is kept in memory is stored whole', async () => {
  const server = await sandbox();
  const large = randomBytes(20 * 2 ** 20);
  const { id, uri } = await create(server, large);
  expect(await answerTo(server, uri, large)).toEqual([200, 'OK']);
  expect(newest(await read(server, id)).complete).toBe(true);
});
