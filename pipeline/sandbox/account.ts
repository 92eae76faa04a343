import { createHash } from 'node:crypto';
import { json, type Reply } from './reply.ts';
import { API, type Call, type Route } from './route.ts';

/** What says that this is not MAAS: the Server header, and version/'s subversion, which MAAS leaves empty. */
export const WHAT_THIS_IS = 'dgxos-maas sandbox, not MAAS';

const CAPABILITIES = [
  'networks-management',
  'static-ipaddresses',
  'ipv6-deployment-ubuntu',
  'devices-management',
  'storage-deployment-ubuntu',
  'network-deployment-ubuntu',
  'bridging-interface-ubuntu',
  'bridging-automatic-ubuntu',
  'authenticate-api',
];

/** Who and what is there: version/, users/, regioncontrollers/, and describe/ over the given tables. */
export function accountRoutes(others: Route[]): Route[] {
  const routes: Route[] = [
    {
      handler: 'VersionHandler',
      path: 'version/',
      anonymous: true,
      operations: { GET: { kind: 'version', run: version } },
    },
    {
      handler: 'UsersHandler',
      path: 'users/',
      operations: {
        GET: {
          kind: 'users',
          run: ({ world }) => json(200, [world.users.admin, world.users.user].map(showUser)),
        },
        'GET whoami': { kind: 'whoami', run: ({ user }) => json(200, showUser(user)) },
      },
    },
    {
      handler: 'RegionControllersHandler',
      path: 'regioncontrollers/',
      operations: { GET: { kind: 'regions', run: regions } },
    },
  ];
  const describe: Route = {
    handler: 'describe',
    path: 'describe/',
    anonymous: true,
    operations: { GET: { kind: 'describe', run: (call) => description(call, [...routes, ...others]) } },
  };
  return [...routes, describe];
}

function version({ world }: Call): Reply {
  return json(200, { capabilities: CAPABILITIES, version: world.traits.release, subversion: WHAT_THIS_IS });
}

/** A user as lists and other things show it. */
export function showUser(user: Call['user']) {
  return {
    is_superuser: user.admin,
    username: user.username,
    email: `${user.username}@sandbox.invalid`,
    is_local: true,
  };
}

function regions({ world }: Call): Reply {
  // Random once for each region, as MAAS' are: no two sandboxes are taken for one.
  const seed = createHash('sha256').update(world.users.admin.consumerKey).digest('hex').slice(0, 4);
  const systemId = (index: number) => `${seed}${String(index + 1).padStart(2, '0')}`;
  const all = Array.from({ length: world.regions }, (_, index) => ({
    system_id: systemId(index),
    hostname: `region-${index + 1}`,
    fqdn: `region-${index + 1}.maas`,
    architecture: 'amd64/generic',
    ip_addresses: ['127.0.0.1'],
    node_type: 3,
    node_type_name: 'Region controller',
    version: world.traits.release,
    resource_uri: `${API}regioncontrollers/${systemId(index)}/`,
  }));
  return json(200, all);
}

const RESTFUL: Record<string, string> = { GET: 'read', POST: 'create', PUT: 'update', DELETE: 'delete' };

/** What `maas login` loads: every handler with its actions. */
function description({ world }: Call, routes: Route[]): Reply {
  const resources = routes
    .filter((route) => !route.path.startsWith('/'))
    .map((route) => {
      const path = API + route.path;
      const handler = {
        name: route.handler,
        doc: WHAT_THIS_IS,
        path,
        uri: new URL(world.url).origin + path,
        params: [...route.path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]),
        actions: Object.keys(route.operations).map((key) => {
          const [method = '', op] = key.split(' ');
          return {
            name: op ?? RESTFUL[method],
            doc: WHAT_THIS_IS,
            method,
            op: op ?? null,
            restful: op === undefined,
          };
        }),
      };
      const anonymous = route.anonymous ?? false;
      return { name: route.handler, anon: anonymous ? handler : null, auth: anonymous ? null : handler };
    });
  const doc = { doc: WHAT_THIS_IS, resources };
  return json(200, { ...doc, hash: createHash('sha1').update(JSON.stringify(doc)).digest('hex') });
}
