import type { SandboxContext } from '../context.ts';
import { describePowerTypes } from '../machines/power-types.ts';
import { json, type Reply, refuse } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import type { Rack } from './state.ts';

export const rackRoutes: Route[] = [
  {
    path: 'rackcontrollers/',
    operations: {
      GET: {
        kind: 'racks',
        run: ({ world }) =>
          json(
            200,
            world.store.state.site.racks.map((rack) => showRack(world, rack)),
          ),
      },
      'GET describe_power_types': { kind: 'power-types', run: describePowerTypes },
    },
  },
  {
    path: 'rackcontrollers/{system_id}/',
    operations: { GET: { kind: 'rack-read', for: 'maas command', run: read } },
  },
];

function read({ world, at }: Call): Reply {
  const rack =
    world.store.state.site.racks.find(({ system_id }) => system_id === at.system_id) ??
    refuse(404, 'No RackController matches the given query.');
  return json(200, showRack(world, rack));
}

/** A rack controller as the API shows it. */
function showRack(world: SandboxContext, rack: Rack) {
  const { domains, defaultDomain } = world.store.state.site;
  const domain = domains.find(({ id }) => id === defaultDomain)?.name;
  return {
    system_id: rack.system_id,
    hostname: rack.hostname,
    fqdn: `${rack.hostname}.${domain}`,
    architecture: 'amd64/generic',
    ip_addresses: rack.interfaces.map(({ address }) => address),
    node_type: 4,
    node_type_name: 'Region and rack controller',
    service_set: ['rackd', 'dhcpd', 'tftp', 'http', 'dns_rack', 'proxy_rack'].map((name) => ({
      name,
      status:
        name === 'dhcpd' && !world.store.state.site.vlans.some(({ dhcp_on }) => dhcp_on) ? 'off' : 'running',
      status_info: '',
    })),
    version: world.traits.release,
    resource_uri: `${API}rackcontrollers/${rack.system_id}/`,
  };
}
