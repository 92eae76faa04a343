import { describe, expect, test } from 'vitest';
import { findRoute, isOpen, operationOf, type Route, routesOfVersion } from '../../../sandbox/route.ts';

const run = () => ({ status: 200, headers: {}, body: '' });
const operation = (kind: string) => ({ kind, run });
const routes: Route[] = [
  {
    path: 'machines/',
    operations: {
      GET: operation('list'),
      'POST allocate': operation('go'),
      'GET is_registered': operation('registered'),
    },
  },
  { path: 'fabrics/{id}/vlans/{vid}/', operations: { PUT: operation('vlan') } },
  {
    path: 'subnets/{id}/',
    matching: { id: '[^/]+(?:/\\d{1,3})?' },
    operations: { GET: operation('subnet') },
  },
  { path: 'vm-hosts/', operations: { GET: operation('hosts') } },
  { path: '/MAAS/a/v3/c', operations: { POST: operation('c') } },
];
const offers = routesOfVersion(routes, '3.5');

describe('routes', () => {
  test.each([
    ['/MAAS/api/2.0/machines/', 'machines/', {}],
    ['/MAAS/api/2.0/fabrics/1/vlans/x.y/', 'fabrics/{id}/vlans/{vid}/', { id: '1', vid: 'x.y' }],
    ['/MAAS/api/2.0/subnets/10.0.0.0/24/', 'subnets/{id}/', { id: '10.0.0.0/24' }],
    ['/MAAS/api/2.0/subnets/name:a%20b/', 'subnets/{id}/', { id: 'name:a b' }],
    ['/MAAS/a/v3/c', '/MAAS/a/v3/c', {}],
  ])('%s is %s', (path, route, at) => {
    expect(findRoute(offers, path)).toMatchObject({ route: { path: route }, at });
  });

  test.each([
    '/MAAS/api/2.0/machines',
    '/MAAS/api/2x0/machines/',
    '/MAAS/api/2.0/fabrics/1/2/vlans/3/',
    '/x/MAAS/api/2.0/machines/',
    '/MAAS/a/v3/c/',
  ])('%s is none', (path) => expect(findRoute(offers, path)).toBeUndefined());

  test('operations are found by method and op', () => {
    const [route] = offers as [(typeof offers)[0]];
    expect(operationOf(route, 'GET', null)?.kind).toBe('list');
    expect(operationOf(route, 'POST', 'allocate')?.kind).toBe('go');
    expect(operationOf(route, 'GET', 'allocate')).toBeUndefined();
    expect(operationOf(route, 'GET', 'constructor')).toBeUndefined();
    expect(operationOf(route, 'POST', null)).toBeUndefined();
    // In MAAS is_registered and create need no key, whether this route has them or not.
    expect(['GET', 'POST', 'PUT'].map((method) => isOpen(route, method))).toEqual([true, true, false]);
  });
});

describe('a version', () => {
  const annotations = {
    path: 'machines/{system_id}/',
    operations: { 'POST set_workload_annotations': operation('a') },
  };

  test('has only what its MAAS has', () => {
    expect(routesOfVersion([annotations], '2.9')).toEqual([]);
    expect(routesOfVersion([annotations], '3.0')).toHaveLength(1);
  });

  test('and what no MAAS has is a fault of the table', () =>
    expect(() => routesOfVersion([{ path: 'machine/', operations: {} }], '3.5')).toThrow(
      'MAAS has no machine/',
    ));
});
