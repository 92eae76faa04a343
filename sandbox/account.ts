import { createHash } from 'node:crypto';
import { json, type Reply, refuse } from './reply.ts';
import { API, type Call, type Route } from './route.ts';

/** The marks of the sandbox: the Server header, and version/'s subversion, which MAAS leaves empty. */
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

/** The region itself: version/, users/, regioncontrollers/. */
export const accountRoutes: Route[] = [
  { path: 'version/', operations: { GET: { kind: 'version', run: version } } },
  {
    path: 'users/',
    operations: {
      GET: {
        kind: 'users',
        for: 'maas command',
        run: ({ world }) => json(200, [world.users.admin, world.users.user].map(showWhole)),
      },
      'GET whoami': { kind: 'whoami', run: ({ user }) => json(200, showWhole(user)) },
    },
  },
  {
    path: 'users/{username}/',
    operations: { GET: { kind: 'user-read', for: 'maas command', run: readUser } },
  },
  { path: 'regioncontrollers/', operations: { GET: { kind: 'regions', run: regions } } },
  {
    path: 'regioncontrollers/{system_id}/',
    operations: { GET: { kind: 'region-read', for: 'maas command', run: readRegion } },
  },
];

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

/** The same as it stands at its own address. */
const showWhole = (user: Call['user']) => ({
  ...showUser(user),
  resource_uri: `${API}users/${user.username}/`,
});

function readUser({ world, at }: Call): Reply {
  const found = [world.users.admin, world.users.user].find(({ username }) => username === at.username);
  return found ? json(200, showWhole(found)) : refuse(404, 'No User matches the given query.');
}

function regions({ world }: Call): Reply {
  return json(200, regionsOf(world));
}

function readRegion({ world, at }: Call): Reply {
  const found = regionsOf(world).find(({ system_id }) => system_id === at.system_id);
  return found ? json(200, found) : refuse(404, 'No RegionController matches the given query.');
}

function regionsOf(world: Call['world']) {
  // Random once for each region, as MAAS' are: no two sandboxes are taken for one.
  const seed = createHash('sha256').update(world.users.admin.consumerKey).digest('hex').slice(0, 4);
  const systemId = (index: number) => `${seed}${String(index + 1).padStart(2, '0')}`;
  return Array.from({ length: world.regions }, (_, index) => ({
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
}
