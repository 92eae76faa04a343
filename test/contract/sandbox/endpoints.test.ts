import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { call, create, put, sandbox } from './client.ts';

const content = randomBytes(50);

describe('version/', () => {
  test.each([
    ['2.8', /^2\.8\./],
    ['3.4', /^3\.4\.10$/],
    ['3.5', /^3\.5\.13$/],
    ['3.8', /^3\.8\./],
  ])('of %s says so, and that it is a sandbox', async (family, release) => {
    const server = await sandbox({ family });
    const { json, headers } = await call(server, 'GET', 'version/', { authorization: null });
    expect(Object.keys(json).sort()).toEqual(['capabilities', 'subversion', 'version']);
    expect(json.version).toMatch(release);
    expect(json.subversion).toContain('not MAAS');
    expect(headers.server).toContain('not MAAS');
    expect(json.capabilities).toContain('authenticate-api');
  });

  test('an unknown version is refused with those there are', async () => {
    await expect(sandbox({ family: '2.7' })).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('3.4, 3.5'),
    });
  });
});

describe('paths', () => {
  test.each(['boot-resources', 'version', 'nonsense/', 'boot-resources/1', ''])(
    '%j is unknown, without a redirect',
    async (path) => {
      const answer = await call(await sandbox(), 'GET', path);
      expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([
        404,
        `Unknown API endpoint: /MAAS/api/2.0/${path}.`,
        'text/plain; charset=utf-8',
      ]);
    },
  );

  test('an unknown op', async () => {
    const server = await sandbox();
    expect(await call(server, 'GET', 'boot-resources/?op=x')).toMatchObject({
      status: 400,
      text: 'Unrecognised signature: method=GET op=x',
    });
    expect(await call(server, 'POST', 'boot-resources/', { form: { op: 'y' } })).toMatchObject({
      status: 400,
      text: 'Unrecognised signature: method=POST op=y',
    });
  });

  test('another method', async () => {
    const answer = await call(await sandbox(), 'PUT', 'boot-resources/1/');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, DELETE']);
  });

  test('describe/ lists the handlers in the form that maas login reads', async () => {
    const server = await sandbox();
    const { json } = await call(server, 'GET', 'describe/', { authorization: null });
    const images = json.resources.find(
      (resource: { name: string }) => resource.name === 'BootResourcesHandler',
    );
    expect(images.auth.uri).toBe(`${server.url}/api/2.0/boot-resources/`);
    expect(images.auth.actions).toContainEqual(
      expect.objectContaining({ name: 'is_importing', method: 'GET', op: 'is_importing', restful: false }),
    );
    expect(json.hash).toMatch(/^[0-9a-f]{40}$/);
  });
});

describe('the list', () => {
  test('has no sets and is filtered by type', async () => {
    const server = await sandbox({ family: '3.4' });
    await create(server, content, { name: 'b' });
    await create(server, content, { name: 'a' });
    const names = async (query: string) =>
      (await call(server, 'GET', `boot-resources/${query}`)).json.map(
        (image: { name: string }) => image.name,
      );
    expect(await names('?type=uploaded')).toEqual(['a', 'b']);
    expect(await names('?type=synced')).toEqual([
      'ubuntu/focal',
      'ubuntu/focal',
      'ubuntu/jammy',
      'ubuntu/jammy',
    ]);
    expect(await names('')).toHaveLength(6);
    expect(await names('?type=generated')).toEqual([]);
    expect((await call(server, 'GET', 'boot-resources/')).text).not.toContain('"sets"');
  });

  test.each([
    [
      '3.4',
      'x',
      "'x' is not a valid boot resource type. Available types: ['synced', 'generated', 'uploaded']",
    ],
    [
      '3.5',
      'generated',
      "'generated' is not a valid boot resource type. Available types: ['synced', 'uploaded']",
    ],
  ])('of %s refuses type %s', async (family, type, message) => {
    const answer = await call(await sandbox({ family }), 'GET', `boot-resources/?type=${type}`);
    expect([answer.status, answer.text]).toEqual([400, message]);
  });
});

describe('DELETE', () => {
  test('answers 204, the second time 500', async () => {
    const server = await sandbox();
    const { id, uri } = await create(server, content);
    await put(server, uri, content);
    expect((await call(server, 'DELETE', `boot-resources/${id}/`)).status).toBe(204);
    expect(await call(server, 'DELETE', `boot-resources/${id}/`)).toMatchObject({
      status: 500,
      text: 'BootResource matching query does not exist.',
    });
    expect(await call(server, 'GET', `boot-resources/${id}/`)).toMatchObject({
      status: 404,
      text: 'No BootResource matches the given query.',
    });
  });

  test('an id is not used again', async () => {
    const server = await sandbox();
    const { id } = await create(server, content);
    await call(server, 'DELETE', `boot-resources/${id}/`);
    expect((await create(server, content)).id).toBeGreaterThan(id);
  });
});

test('import, is_importing and stop_import', async () => {
  const server = await sandbox();
  const importing = async () => (await call(server, 'GET', 'boot-resources/?op=is_importing')).text;
  expect(await importing()).toBe('false');
  expect(await call(server, 'POST', 'boot-resources/?op=import')).toMatchObject({
    status: 200,
    text: 'Import of boot resources started',
  });
  expect(await importing()).toBe('true');
  expect(await call(server, 'POST', 'boot-resources/?op=stop_import')).toMatchObject({
    status: 200,
    text: 'Import of boot resources is being stopped',
  });
  expect(await importing()).toBe('false');
});
