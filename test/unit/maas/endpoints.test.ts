import { describe, expect, test } from 'vitest';
import { accountRoutes } from '../../../sandbox/account.ts';
import { bootResourceRoutes } from '../../../sandbox/boot-resources.ts';
import { ENDPOINTS, findEndpoint, isIn, READ_VERSIONS } from '../../../sandbox/endpoints.ts';
import { machineRoutes } from '../../../sandbox/machines/routes.ts';
import { json } from '../../../sandbox/reply.ts';
import { OTHER_CALLERS, type Route } from '../../../sandbox/route.ts';
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

describe('every request of the client exists in every version', () => {
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

const ROUTES: Route[] = [
  ...bootResourceRoutes,
  ...uploadRoutes,
  ...siteRoutes,
  ...machineRoutes,
  ...accountRoutes,
];

/** Operations that the client asks for and that are marked for somebody else, and those for nobody. */
function misplaced(routes: readonly Route[], requests: readonly ClientRequest[]): string[] {
  const asked = new Set(
    requests.map(({ method, path, op }) => `${findEndpoint(path)?.path} ${method} ${op ?? ''}`.trim()),
  );
  return routes.flatMap(({ path, operations }) =>
    Object.entries(operations)
      .map(([name, operation]) => ({ name: `${findEndpoint(path)?.path} ${name}`, marked: operation.for }))
      .filter(({ name, marked }) => asked.has(name) === (marked !== undefined))
      .map(({ name, marked }) => `${name}: ${marked ?? 'nobody'}`),
  );
}

describe('every operation of the sandbox is asked for', () => {
  test('by the client, or by whom its route says', () => {
    expect(misplaced(ROUTES, REQUESTS)).toEqual([]);
  });

  test('each of the other callers has one', () => {
    const marks = ROUTES.flatMap(({ operations }) => Object.values(operations).map((one) => one.for));
    expect(new Set(marks.filter((mark) => mark !== undefined))).toEqual(new Set(Object.keys(OTHER_CALLERS)));
  });

  test('one for nobody is seen, and one that is marked without need', () => {
    const run = () => json(200, null);
    const routes: Route[] = [
      {
        path: 'machines/{system_id}/',
        operations: {
          'POST lock': { kind: 'a', run },
          'POST deploy': { kind: 'b', for: 'maas command', run },
          'POST release': { kind: 'c', run },
          'POST unlock': { kind: 'd', for: 'machine state', run },
        },
      },
    ];
    expect(misplaced(routes, REQUESTS)).toEqual([
      'machines/{system_id}/ POST lock: nobody',
      'machines/{system_id}/ POST deploy: maas command',
    ]);
  });
});

describe('the sandbox has no path of its own', () => {
  test.each(ROUTES.map((route) => [route.path, route] as const))('%s', (path, route) => {
    const endpoint = findEndpoint(path);
    for (const name of Object.keys(route.operations))
      expect(endpoint?.operations.has(name) || endpoint?.anonymous.has(name), name).toBe(true);
    // Each is there once.
    expect(ROUTES.filter((other) => findEndpoint(other.path) === endpoint)).toHaveLength(1);
  });

  test('and every endpoint has a handler', () => {
    expect(ENDPOINTS.filter(({ handler }) => !/^(\w+Handler|describe)$/.test(handler))).toEqual([]);
  });
});
