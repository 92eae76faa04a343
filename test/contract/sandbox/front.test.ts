import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { call, create, newest, put, read, sandbox, sign } from './client.ts';

const LIMIT = 10_485_760;
const content = randomBytes(LIMIT + 1);

describe('behind nginx', () => {
  test('exactly 10 MiB pass, one byte more is 413 in HTML', async () => {
    const server = await sandbox({ front: 'nginx' });
    const { id, uri } = await create(server, content);
    const refused = await put(server, uri, content);
    expect([refused.status, refused.headers['content-type'], refused.headers.connection]).toEqual([
      413,
      'text/html',
      'close',
    ]);
    expect(refused.text).toContain('<title>413 Request Entity Too Large</title>');
    expect(newest(await read(server, id)).progress).toBe(0);
    expect((await put(server, uri, content.subarray(0, LIMIT))).text).toBe('OK');
    expect((await put(server, uri, content.subarray(LIMIT))).text).toBe('OK');
  });

  test('a client that asks first is refused before it sends', async () => {
    const server = await sandbox({ front: 'nginx' });
    const { uri } = await create(server, content);
    const headers = {
      authorization: sign(server.apiKey),
      'content-length': LIMIT + 1,
      expect: '100-continue',
    };
    const seen = await new Promise((resolve, reject) => {
      const asked = request(new URL(uri, server.url), { method: 'PUT', headers, agent: false });
      asked.on('continue', () => resolve('continue'));
      asked.on('response', (answer) => {
        resolve(answer.statusCode);
        asked.destroy();
      });
      asked.on('error', reject);
      asked.flushHeaders();
    });
    expect(seen).toBe(413);
  });

  test('a client that asks first with less may go on', async () => {
    const server = await sandbox({ front: 'nginx' });
    const { uri } = await create(server, content);
    const headers = { authorization: sign(server.apiKey), 'content-length': 10, expect: '100-continue' };
    const status = await new Promise((resolve, reject) => {
      const asked = request(new URL(uri, server.url), { method: 'PUT', headers, agent: false });
      asked.on('continue', () => asked.end(content.subarray(0, 10)));
      asked.on('response', (answer) => resolve(answer.resume().statusCode));
      asked.on('error', reject);
      asked.flushHeaders();
    });
    expect(status).toBe(200);
  });

  test('without it there is no limit', async () => {
    const server = await sandbox();
    const { uri } = await create(server, content);
    expect((await put(server, uri, content)).text).toBe('OK');
  });

  test("3.8's streaming door has a limit of its own", async () => {
    const server = await sandbox({ family: '3.8', front: 'nginx' });
    const answer = await call(server, 'POST', '/MAAS/a/v3/custom_images', { body: content });
    expect(answer.status).toBe(401);
  });
});
