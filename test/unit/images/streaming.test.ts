import { expect, test } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import type { MaasClient } from '../../../pipeline/maas/api/client.ts';
import { parseVersion } from '../../../pipeline/maas/api/version.ts';
import { fitsHeaders, StreamingEndpoint, wasAborted } from '../../../pipeline/maas/images/streaming.ts';

interface Asked {
  method: string;
  path: string;
  authorization?: string;
}

/** A MAAS of a version that answers requests, or throws; and what it was asked. */
function maas(version: string, answer: (path: string) => string): { client: MaasClient; asked: Asked[] } {
  const asked: Asked[] = [];
  const client = {
    version: async () => parseVersion(version),
    notMaas: (path: string, why: string) => new Fault('MAAS_PROTOCOL', `${path}: ${why}`),
    async raw(method: string, path: string, { headers = {} }: { headers?: Record<string, string> } = {}) {
      asked.push({
        method,
        path,
        ...(headers.Authorization ? { authorization: headers.Authorization } : {}),
      });
      return { text: answer(path) };
    },
  };
  return { client: client as unknown as MaasClient, asked };
}
const fault = (code: ConstructorParameters<typeof Fault>[0]) => () => {
  throw new Fault(code, 'no');
};
const LOGIN = { MAAS_USERNAME: 'admin', MAAS_PASSWORD: 'secret-of-streaming' };
const image = { name: 'n', sha256: 's', architecture: 'a', filetype: 't', title: 'T', baseImage: 'b' };
const LIST = { method: 'GET', path: '/a/v3/custom_images?page=1&size=1' };
const SIGN_IN = { method: 'POST', path: '/a/v3/auth/login' };

test.each<[string, string, NodeJS.ProcessEnv, (path: string) => string, boolean, Asked[]]>([
  ['before 3.8', '3.7.9', LOGIN, () => '{}', false, []],
  ['open to everybody', '3.8.0', {}, () => '[]', true, [LIST]],
  ['closed', '3.8.0', {}, fault('MAAS_UNAUTHORIZED'), false, [LIST]],
  ['a name without a password', '3.8.0', { MAAS_USERNAME: 'admin' }, () => '[]', true, [LIST]],
  ['a password without a name', '3.8.0', { MAAS_PASSWORD: 'secret-of-streaming' }, () => '[]', true, [LIST]],
  ['a login', '3.8.0', LOGIN, () => '{"access_token": "tok"}', true, [SIGN_IN]],
  ['a login without a token', '3.8.0', LOGIN, () => '{}', false, [SIGN_IN]],
  ['a login that is refused', '3.9.0', LOGIN, fault('MAAS_UNAUTHORIZED'), false, [SIGN_IN]],
])('the streamed upload is found: %s', async (_how, version, env, answer, found, asked) => {
  const server = maas(version, answer);
  const door = await StreamingEndpoint.find(server.client, env);
  expect([door !== undefined, server.asked]).toEqual([found, asked]);
  if (!door) return;
  await door.send(image, { type: 'x', length: 0, bytes: Buffer.alloc(0) }, 1000);
  const authorization = asked[0] === SIGN_IN ? { authorization: 'Bearer tok' } : {};
  expect(server.asked.at(-1)).toEqual({ method: 'POST', path: '/a/v3/custom_images', ...authorization });
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the search', async (name) => {
  const interrupted = new Fault(name === 'SIGINT' ? 'INTERRUPTED' : 'TERMINATED', 'ended');
  const { client } = maas('3.8.0', () => {
    throw interrupted;
  });
  await expect(StreamingEndpoint.find(client, {})).rejects.toBe(interrupted);
  expect([
    wasAborted(interrupted),
    wasAborted(new Fault('MAAS_REFUSED', 'no')),
    wasAborted(new Error('x')),
  ]).toEqual([true, false, true]);
});

test('only words that headers can carry are sent in them', () => {
  expect(fitsHeaders(image)).toBe(true);
  for (const title of ['DGX™', 'a\nb', '\x7f']) expect(fitsHeaders({ ...image, title })).toBe(false);
  expect(fitsHeaders({ ...image, title: ' ~' })).toBe(true);
});
