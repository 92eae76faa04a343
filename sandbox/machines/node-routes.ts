import { json, type Reply, refuse } from '../reply.ts';
import type { Call, Route } from '../route.ts';
import { showRack } from '../site/racks.ts';
import { details } from './details.ts';
import { powerParameters } from './power-actions.ts';
import { answer, showMachine, showNic } from './show.ts';
import { showDisk } from './show-disks.ts';
import { machineAt, visible } from './visible.ts';

/** nodes/: what machines and rack controllers have in common, and the parts of a machine. */
export const nodeRoutes: Route[] = [
  { path: 'nodes/', operations: { GET: { kind: 'nodes', run: list } } },
  {
    path: 'nodes/{system_id}/',
    operations: {
      GET: { kind: 'node-read', run: (call) => answer(call.world, machineAt(call)) },
      'GET details': { kind: 'node-details', run: details },
      'GET power_parameters': { kind: 'node-power-parameters', run: powerParameters },
    },
  },
  {
    path: 'nodes/{system_id}/interfaces/',
    operations: { GET: { kind: 'interfaces', run: (call) => json(200, nics(call)) } },
  },
  {
    path: 'nodes/{system_id}/interfaces/{id}/',
    operations: { GET: { kind: 'interface-read', run: (call) => part(call, nics(call), 'Interface') } },
  },
  {
    path: 'nodes/{system_id}/blockdevices/',
    operations: { GET: { kind: 'blockdevices', run: (call) => json(200, disks(call)) } },
  },
  {
    path: 'nodes/{system_id}/blockdevices/{id}/',
    operations: { GET: { kind: 'blockdevice-read', run: (call) => part(call, disks(call), 'BlockDevice') } },
  },
  // What the sandbox' storage layouts do not make.
  ...['raids', 'bcaches', 'bcache-cache-sets', 'vmfs-datastores', 'devices'].map((kind) => ({
    path: `nodes/{system_id}/${kind}/`,
    operations: {
      GET: {
        kind: `node-${kind}`,
        run: (call: Call) => {
          machineAt(call);
          return json(200, []);
        },
      },
    },
  })),
  {
    path: 'nodes/{system_id}/volume-groups/',
    operations: {
      GET: {
        kind: 'volume-groups',
        run: (call) => json(200, showMachine(call.world, machineAt(call)).volume_groups),
      },
    },
  },
];

function list(call: Call): Reply {
  const { world, url } = call;
  const ids = url.searchParams.getAll('id');
  const names = url.searchParams.getAll('hostname');
  const all = [
    ...visible(call).map((machine) => showMachine(world, machine)),
    ...world.store.state.site.racks.map((rack) => showRack(world, rack)),
  ];
  return json(
    200,
    all.filter(
      ({ system_id, hostname }) =>
        (ids.length === 0 || ids.includes(system_id)) && (names.length === 0 || names.includes(hostname)),
    ),
  );
}

function nics(call: Call) {
  const machine = machineAt(call);
  return machine.nics.map((nic) => showNic(call.world, machine, nic));
}

function disks(call: Call) {
  const machine = machineAt(call);
  return machine.disks.map((disk) => showDisk(machine, disk));
}

/** One of them by its id or its name. */
function part(call: Call, all: { id: number; name: string }[], model: string): Reply {
  const wanted = call.at.id as string;
  const found = all.find(({ id, name }) => String(id) === wanted || name === wanted);
  return found ? json(200, found) : refuse(404, `No ${model} matches the given query.`);
}
