import { describe, expect, test } from 'vitest';
import { call, sandbox, seconds, sign } from './client.ts';

const WHOAMI = 'users/?op=whoami';

describe('authentication', () => {
  test('a signed request is taken', async () => {
    const server = await sandbox();
    const answer = await call(server, 'GET', WHOAMI);
    expect([answer.status, answer.json]).toMatchObject([200, { username: 'admin', is_superuser: true }]);
  });

  test('no header: 401 Forbidden in plain text', async () => {
    const server = await sandbox();
    const answer = await call(server, 'GET', WHOAMI, { authorization: null });
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([
      401,
      'Forbidden',
      'text/plain',
    ]);
  });

  test('a header without one of the fields counts as none', async () => {
    const server = await sandbox();
    const authorization = sign(server.apiKey).replace(/oauth_nonce="\w+", /, '');
    expect((await call(server, 'GET', WHOAMI, { authorization })).text).toBe('Forbidden');
  });

  test('a bad consumer: 401 as HTML with the realm', async () => {
    const server = await sandbox();
    const key = server.apiKey.replace(/^.{18}/, 'X'.repeat(18));
    const answer = await call(server, 'GET', WHOAMI, { key });
    expect(answer).toMatchObject({ status: 401, text: 'Authorization Error: Invalid API key.' });
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'www-authenticate': 'OAuth realm="OAuth"',
    });
  });

  test('a bad token: 401 that names it', async () => {
    const server = await sandbox();
    const [consumer, , secret] = server.apiKey.split(':');
    const answer = await call(server, 'GET', WHOAMI, { key: `${consumer}:${'Y'.repeat(18)}:${secret}` });
    expect(answer).toMatchObject({
      status: 401,
      text: `Authorization Error: 'Invalid access token: ${'Y'.repeat(18)}'`,
    });
  });

  test('the token of another consumer is a bad token', async () => {
    const server = await sandbox();
    const key = [server.apiKey.split(':')[0], ...server.userKey.split(':').slice(1)].join(':');
    expect((await call(server, 'GET', WHOAMI, { key })).text).toContain('Invalid access token');
  });

  test('a bad secret: 401 whose text gives the real one away', async () => {
    const server = await sandbox();
    const [consumer, token, secret] = server.apiKey.split(':');
    const answer = await call(server, 'GET', WHOAMI, { key: `${consumer}:${token}:${'z'.repeat(32)}` });
    expect(answer.status).toBe(401);
    expect(answer.text).toBe(
      `Authorization Error: 'Invalid signature. Expected signature base string: &${secret}'`,
    );
  });

  test('a nonce used twice: 401', async () => {
    const server = await sandbox();
    const authorization = sign(server.apiKey, { nonce: 'abc' });
    expect((await call(server, 'GET', WHOAMI, { authorization })).status).toBe(200);
    expect(await call(server, 'GET', WHOAMI, { authorization })).toMatchObject({
      status: 401,
      text: "Authorization Error: 'Nonce already used: abc'",
    });
  });

  test('a nonce counts as used even if the signature was wrong', async () => {
    const server = await sandbox();
    const [consumer, token] = server.apiKey.split(':');
    const wrong = sign(`${consumer}:${token}:${'z'.repeat(32)}`, { nonce: 'abc' });
    await call(server, 'GET', WHOAMI, { authorization: wrong });
    const right = sign(server.apiKey, { nonce: 'abc' });
    expect((await call(server, 'GET', WHOAMI, { authorization: right })).text).toContain(
      'Nonce already used',
    );
  });

  test('two users may use one nonce', async () => {
    const server = await sandbox();
    for (const key of [server.apiKey, server.userKey])
      expect((await call(server, 'GET', WHOAMI, { authorization: sign(key, { nonce: 'abc' }) })).status).toBe(
        200,
      );
  });

  test('a nonce stays used for as long as its timestamp passes', async () => {
    let now = Date.now();
    const server = await sandbox({ now: () => now });
    const authorization = sign(server.apiKey, { timestamp: Math.floor(now / 1000) + 3600 });
    expect((await call(server, 'GET', WHOAMI, { authorization })).status).toBe(200);
    now += 3_600_000;
    await call(server, 'GET', WHOAMI, { authorization: sign(server.apiKey, { timestamp: now / 1000 }) });
    expect((await call(server, 'GET', WHOAMI, { authorization })).text).toContain('Nonce already used');
    now += 301_000;
    expect((await call(server, 'GET', WHOAMI, { authorization })).text).toContain('Expired timestamp');
  });

  test('an hour old: 401 with both times; just within 300 s and an hour in the future: 200', async () => {
    const server = await sandbox();
    const at = async (timestamp: number) =>
      call(server, 'GET', WHOAMI, { authorization: sign(server.apiKey, { timestamp }) });
    const old = seconds() - 3600;
    const answer = await at(old);
    expect(answer.status).toBe(401);
    expect(answer.text).toMatch(
      new RegExp(
        `^Authorization Error: 'Expired timestamp: given ${old} and now \\d+ has a greater difference than threshold 300'$`,
      ),
    );
    expect((await at(seconds() - 295)).status).toBe(200);
    expect((await at(seconds() + 3600)).status).toBe(200);
  });

  test('a user without administrator rights may look and change nothing', async () => {
    const server = await sandbox();
    const key = server.userKey;
    for (const [method, path] of [
      ['POST', 'boot-resources/'],
      ['POST', 'boot-resources/?op=import'],
      ['POST', 'boot-resources/?op=stop_import'],
      ['DELETE', 'boot-resources/1/'],
      ['PUT', 'boot-resources/1/upload/1/'],
    ] as const) {
      const answer = await call(server, method, path, { key, form: { name: 'x' } });
      expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([
        403,
        'This method is reserved for admin users.',
        'text/plain; charset=utf-8',
      ]);
    }
    for (const path of ['boot-resources/', 'boot-resources/1/', 'boot-resources/?op=is_importing', WHOAMI])
      expect((await call(server, 'GET', path, { key })).status).toBe(200);
  });

  test('admin: false hands out the other key', async () => {
    const server = await sandbox({ admin: false });
    expect(server.apiKey).toBe(server.userKey);
    expect((await call(server, 'GET', WHOAMI)).json.is_superuser).toBe(false);
  });

  test('the key can be given', async () => {
    const key = `${'a'.repeat(18)}:${'b'.repeat(18)}:${'c'.repeat(32)}`;
    const server = await sandbox({ key });
    expect(server.apiKey).toBe(key);
    expect((await call(server, 'GET', WHOAMI)).status).toBe(200);
    await expect(sandbox({ key: 'a:b:c' })).rejects.toMatchObject({ code: 'API_KEY_INVALID' });
  });

  test('version/ and describe/ need no key; a wrong one does not disturb them', async () => {
    const server = await sandbox();
    for (const authorization of [null, 'OAuth nonsense'])
      for (const path of ['version/', 'describe/'])
        expect((await call(server, 'GET', path, { authorization })).status).toBe(200);
  });
});
