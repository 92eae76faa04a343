import { json, refuse } from './reply.ts';
import type { Route } from './route.ts';

/** Kinds of things that MAAS has and the sandbox has none of: path of all, path of one, MAAS' word in its 404. */
const KINDS: readonly (readonly [string, string | null, string])[] = [
  ['devices/', 'devices/{system_id}/', 'Device'],
  ['dhcp-snippets/', 'dhcp-snippets/{id}/', 'DHCPSnippet'],
  ['discovery/', 'discovery/{discovery_id}/', 'Discovery'],
  ['dnsresourcerecords/', 'dnsresourcerecords/{id}/', 'DNSData'],
  ['dnsresources/', 'dnsresources/{id}/', 'DNSResource'],
  ['fannetworks/', 'fannetworks/{id}/', 'FanNetwork'],
  ['files/', 'files/{filename}/', 'FileStorage'],
  ['ipaddresses/', null, ''],
  ['license-keys/', null, ''],
  ['notifications/', 'notifications/{id}/', 'Notification'],
  ['pods/', 'pods/{id}/', 'Pod'],
  ['reservedips/', 'reservedips/{id}/', 'ReservedIP'],
  ['static-routes/', 'static-routes/{id}/', 'StaticRoute'],
  ['virtual-machines/', 'virtual-machines/{id}', 'VirtualMachine'],
  ['vm-clusters/', 'vm-clusters/{id}', 'VMCluster'],
  ['vm-hosts/', 'vm-hosts/{id}/', 'Pod'],
  ['account/prefs/sslkeys/', 'account/prefs/sslkeys/{id}/', 'SSLKey'],
];

/** Of discoveries MAAS has three further lists. */
const MORE: Record<string, readonly string[]> = {
  'discovery/': ['GET by_unknown_ip', 'GET by_unknown_ip_and_mac', 'GET by_unknown_mac'],
};

/** Empty lists, for clients that look through everything. */
export const emptyRoutes: Route[] = KINDS.flatMap(([all, one, model]) => {
  const kind = all.replaceAll('/', '-').replace(/-$/, '');
  const list = { kind, run: () => json(200, []) };
  const operations = Object.fromEntries(['GET', ...(MORE[all] ?? [])].map((name) => [name, list]));
  const missing = (): never => refuse(404, `No ${model} matches the given query.`);
  return [
    { path: all, operations },
    ...(one ? [{ path: one, operations: { GET: { kind: `${kind}-read`, run: missing } } }] : []),
  ];
});
