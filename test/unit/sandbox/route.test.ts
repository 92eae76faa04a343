import { describe, expect, test } from 'vitest';
import { findRoute, operationOf, type Route } from '../../../pipeline/sandbox/route.ts';

const run = () => ({ status: 200, headers: {}, body: '' });
const routes: Route[] = [
  { handler: 'A', path: 'a/', operations: { GET: { kind: 'list', run }, 'POST go': { kind: 'go', run } } },
  { handler: 'B', path: 'a/{id}/b/{other}/', operations: { PUT: { kind: 'b', run } } },
  { handler: 'C', path: '/MAAS/a/v3/c', operations: { POST: { kind: 'c', run } } },
];

describe('routes', () => {
  test.each([
    ['/MAAS/api/2.0/a/', 'A', {}],
    ['/MAAS/api/2.0/a/1/b/x.y/', 'B', { id: '1', other: 'x.y' }],
    ['/MAAS/a/v3/c', 'C', {}],
  ])('%s is %s', (path, handler, at) => {
    expect(findRoute(routes, path)).toMatchObject({ route: { handler }, at });
  });

  test.each([
    '/MAAS/api/2.0/a',
    '/MAAS/api/2x0/a/',
    '/MAAS/api/2.0/a/1/2/b/3/',
    '/x/MAAS/api/2.0/a/',
    '/MAAS/a/v3/c/',
  ])('%s is none', (path) => expect(findRoute(routes, path)).toBeUndefined());

  test('operations are found by method and op', () => {
    const [route] = routes as [Route, ...Route[]];
    expect(operationOf(route, 'GET', null)?.kind).toBe('list');
    expect(operationOf(route, 'POST', 'go')?.kind).toBe('go');
    expect(operationOf(route, 'GET', 'go')).toBeUndefined();
    expect(operationOf(route, 'POST', null)).toBeUndefined();
  });
});
