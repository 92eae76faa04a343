import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../../sandbox/server.ts';
import { call, newest, read, sandbox, sha256 } from './client.ts';

const content = randomBytes(5000);
const DOOR = '/MAAS/a/v3/custom_images';

async function token(server: Sandbox): Promise<string> {
  const form = server.login;
  const answer = await call(server, 'POST', '/MAAS/a/v3/auth/login', { form, authorization: null });
  expect([answer.status, answer.json.token_type]).toEqual([200, 'bearer']);
  return `Bearer ${answer.json.access_token}`;
}

const metadata = (more: Record<string, string> = {}) => ({
  name: 'img',
  sha256: sha256(content),
  architecture: 'amd64/generic',
  'file-type': 'tgz',
  title: 'An image',
  'base-image': 'ubuntu/noble',
  'content-type': 'application/octet-stream',
  ...more,
});

const stream = async (server: Sandbox, more: Record<string, string> = {}) =>
  call(server, 'POST', DOOR, { body: content, headers: metadata(more), authorization: await token(server) });

describe("3.8's streaming door", () => {
  test('takes an image in one request', async () => {
    const server = await sandbox({ family: '3.8' });
    const answer = await stream(server);
    expect(answer.status).toBe(201);
    expect(answer.headers.etag).toBeTruthy();
    expect(answer.json).toMatchObject({ kind: 'Image', os: 'custom', release: 'img', architecture: 'amd64' });
    const resource = await read(server, answer.json.id);
    expect(resource).toMatchObject({ name: 'img', base_image: 'ubuntu/noble', title: 'An image' });
    expect(newest(resource)).toMatchObject({ complete: true, size: 5000 });
  });

  test('leaves custom/ in the name', async () => {
    const server = await sandbox({ family: '3.8' });
    const answer = await stream(server, { name: 'custom/img' });
    expect((await read(server, answer.json.id)).name).toBe('custom/img');
  });

  test('takes no API key', async () => {
    const server = await sandbox({ family: '3.8' });
    const answer = await call(server, 'POST', DOOR, { body: content, headers: metadata() });
    expect([answer.status, answer.json.message]).toEqual([401, 'Unauthorized.']);
    expect(answer.json.details[0].message).toBe('The endpoint requires authentication.');
  });

  test('refuses a wrong password, a wrong token and those who are not administrators', async () => {
    const server = await sandbox({ family: '3.8' });
    const form = { username: 'admin', password: 'wrong' };
    expect((await call(server, 'POST', '/MAAS/a/v3/auth/login', { form })).status).toBe(401);
    const authorization = 'Bearer nonsense';
    expect((await call(server, 'POST', DOOR, { headers: metadata(), authorization })).status).toBe(400);
    expect((await stream(await sandbox({ family: '3.8', admin: false }))).status).toBe(403);
  });

  test('a wrong sum leaves nothing', async () => {
    const server = await sandbox({ family: '3.8' });
    const answer = await stream(server, { sha256: 'f'.repeat(64) });
    expect([answer.status, answer.json.details[0].type]).toEqual([400, 'InvalidArgumentViolation']);
    expect((await call(server, 'GET', 'boot-resources/?type=uploaded')).json).toEqual([]);
  });

  test('the same name again is a conflict', async () => {
    const server = await sandbox({ family: '3.8' });
    await stream(server);
    expect((await stream(server)).status).toBe(409);
  });

  test.each([
    ['architecture', 'amd64', /needs to be in form/],
    ['architecture', 'riscv64/generic', /not a valid usable architecture/],
    ['name', 'ubuntu/jammy', /you have to specify 'custom'/],
    ['name', 'foo/bar', /Unsupported operating system foo/],
    ['name', 'jammy', /reserved name/],
    ['base-image', 'ubuntu', /must be in the format/],
    ['base-image', 'windows/x', /non-custom OS type/],
    ['base-image', 'ubuntu/x', /Unsupported base image/],
    ['file-type', 'squashfs', /Input should be/],
  ])('a bad %s (%s) is a 422', async (name, value, message) => {
    const answer = await stream(await sandbox({ family: '3.8' }), { [name]: value });
    expect([answer.status, answer.json.details[0].location]).toEqual([422, 'header']);
    expect(answer.json.details[0].message).toMatch(message);
  });

  test('lists what was uploaded, a page at a time', async () => {
    const server = await sandbox({ family: '3.8' });
    for (const name of ['a', 'b']) await stream(server, { name });
    const page = async (number: number) =>
      (await call(server, 'GET', `${DOOR}?page=${number}&size=1`, { authorization: await token(server) }))
        .json;
    expect(await page(1)).toMatchObject({
      items: [{ release: 'a' }],
      total: 2,
      next: `${DOOR}?page=2&size=1`,
    });
    expect(await page(2)).toMatchObject({ items: [{ release: 'b' }], next: null });
    expect((await call(server, 'GET', DOOR)).status).toBe(401);
  });

  test('is not there before 3.8', async () => {
    expect((await call(await sandbox({ family: '3.7' }), 'POST', DOOR)).status).toBe(404);
  });
});
