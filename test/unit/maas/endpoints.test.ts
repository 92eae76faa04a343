import { describe, expect, test } from 'vitest';
import { accountRoutes } from '../../../sandbox/account.ts';
import { bootResourceRoutes } from '../../../sandbox/boot-resources.ts';
import { emptyRoutes } from '../../../sandbox/empty-collections.ts';
import { ENDPOINTS, findEndpoint, isIn, READ_VERSIONS } from '../../../sandbox/endpoints.ts';
import { machineRoutes } from '../../../sandbox/machines/routes.ts';
import { siteRoutes } from '../../../sandbox/site/routes.ts';
import { uploadRoutes } from '../../../sandbox/uploads.ts';
import { VERSIONS } from '../../../sandbox/versions.ts';
import { type ClientRequest, clientRequests } from './client-paths.ts';

/** The versions that have not what a request asks for. */
function missing({ method, path, op }: Pick<ClientRequest, 'method' | 'path' | 'op'>): string[] {
  const endpoint = findEndpoint(path);
  const name = op === undefined ? method : `${method} ${op}`;
  const versions = endpoint?.operations.get(name) ?? endpoint?.anonymous.get(name);
  return READ_VERSIONS.filter((version) => !isIn(versions, version));
}

describe("MAAS' endpoints", () => {
  test('were read of every version that is supported', () => expect(READ_VERSIONS).toEqual(VERSIONS));

  test.each([
    ['resourcepool/{id}/', 'PUT', '2.8-3.8'],
    ['resourcepools/', 'POST', '2.8-3.8'],
    ['machines/{system_id}/', 'POST set_workload_annotations', '3.0-3.8'],
    ['machines/{system_id}/', 'GET get_token', '3.1-3.8'],
    ['vlans/{id}/', 'DELETE', '2.8-3.8'],
  ])('%s has %s in %s', (path, operation, versions) => {
    expect(findEndpoint(path)?.operations.get(operation)).toBe(versions);
  });

  test.each(['resourcepools/{id}/', 'vlans/', 'boot-resources', 'machines//', ''])('%j is none', (path) =>
    expect(findEndpoint(path)).toBeUndefined(),
  );

  test.each([
    ['2.8-3.8', '3.4', true],
    ['3.3-3.8', '3.10', false],
    ['2.8-3.0 3.2', '3.1', false],
    ['2.8-3.0 3.2', '3.2', true],
    [undefined, '3.2', false],
  ])('%s holds %s: %s', (versions, version, is) => expect(isIn(versions, version)).toBe(is));
});

const REQUESTS = clientRequests();

describe('what the client asks for is there in every version', () => {
  test('its requests are found', () => {
    const all = REQUESTS.map(({ method, path, op }) => `${method} ${path} ${op ?? ''}`.trim());
    expect(all).toEqual(
      expect.arrayContaining([
        'PUT resourcepool/{}/',
        'DELETE resourcepool/{}/',
        'POST machines/{}/ deploy',
        'GET boot-sources/{}/selections/',
        'POST boot-sources/{}/selections/',
        'GET zones/',
        'GET version/',
        'PUT fabrics/{}/vlans/{}/',
      ]),
    );
  });

  test.each(
    REQUESTS.map((one) => [`${one.method} ${one.path}${one.op ? `?op=${one.op}` : ''}`, one] as const),
  )('%s', (_, request) =>
    expect({ ...request, missing: missing(request) }).toEqual({ ...request, missing: [] }),
  );
});

describe('a path that MAAS does not have is seen', () => {
  const among = (text: string) => clientRequests({ 'x.ts': text }).map((one) => missing(one).length > 0);

  test.each([
    ['a literal', "client.get('vlans/');"],
    ['a template', 'client.delete(`resourcepools/${id}/`);'],
    ['a constant', 'function f() { const path = `pools/${id}/`; return client.update(path, {}); }'],
    ['a parameter', "const f = (client, path) => client.get(path); f(client, 'fabric/');"],
    [
      'a table',
      "const KINDS = [{ all: 'zone/' }]; for (const kind of KINDS) work.client.post(kind.all, {});",
    ],
    [
      'an operation',
      "const path = `machines/${id}/?op=${op}`; this.#client.call(path, {}); run({ op: 'start' });",
    ],
    ['another method', "client.post('version/', {});"],
    ['no slash at the end', "client.get('tags');"],
  ])('%s', (_, text) => expect(among(text)).toEqual([true]));

  test('and one of which it cannot be seen is refused', () => {
    expect(() => clientRequests({ 'x.ts': 'client.get(pathOf(it));' })).toThrow(/x\.ts:1.*pathOf\(it\)/);
  });
});

describe('the sandbox has no path of its own', () => {
  const routes = [
    ...bootResourceRoutes,
    ...uploadRoutes,
    ...siteRoutes,
    ...machineRoutes,
    ...accountRoutes,
    ...emptyRoutes,
  ];

  test.each(routes.map((route) => [route.path, route] as const))('%s', (path, route) => {
    const endpoint = findEndpoint(path);
    for (const name of Object.keys(route.operations))
      expect(endpoint?.operations.has(name) || endpoint?.anonymous.has(name), name).toBe(true);
    // Each is there once.
    expect(routes.filter((other) => findEndpoint(other.path) === endpoint)).toHaveLength(1);
  });

  test('and every endpoint has a handler', () => {
    expect(ENDPOINTS.filter(({ handler }) => !/^(\w+Handler|describe)$/.test(handler))).toEqual([]);
  });
});
