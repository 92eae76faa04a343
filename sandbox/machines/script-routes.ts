import { json, plain, type Reply, refuse } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { COMMISSIONING_SCRIPTS, setAt, TEST_SCRIPTS } from './scripts.ts';
import type { Machine, ScriptSet } from './state.ts';
import { visible } from './visible.ts';

/** The scripts themselves, and the results of the newest runs as older clients ask for them. */
export const scriptRoutes: Route[] = [
  { path: 'scripts/', operations: { GET: { kind: 'scripts', run: list } } },
  {
    path: 'scripts/{name}',
    operations: {
      GET: { kind: 'script-read', run: (call) => json(200, scriptAt(call)) },
      'GET download': { kind: 'script-download', run: (call) => plain(200, contentOf(scriptAt(call).name)) },
    },
  },
  { path: 'commissioning-results/', operations: { GET: { kind: 'commissioning-results', run: results } } },
  { path: 'installation-results/', operations: { GET: { kind: 'installation-results', run: results } } },
];

const KINDS = [
  {
    number: 0,
    words: ['commissioning', 'commission'],
    title: 'Commissioning script',
    names: COMMISSIONING_SCRIPTS,
  },
  { number: 2, words: ['testing', 'test'], title: 'Testing script', names: TEST_SCRIPTS },
  { number: 3, words: ['release'], title: 'Release script', names: ['wipe-disks'] },
];
const HARDWARE = ['Node', 'CPU', 'Memory', 'Storage', 'Network'];

const contentOf = (name: string) => `#!/bin/sh\n# ${name} of the sandbox does nothing.\n`;

const SCRIPTS = KINDS.flatMap((kind) => kind.names.map((name) => ({ name, kind }))).map(
  ({ name, kind }, index) => {
    const hardware = hardwareOf(name);
    return {
      id: index + 1,
      name,
      title: name,
      description: 'A script of the sandbox',
      tags: [
        kind.words[0] as string,
        ...(kind.number === 2 ? [HARDWARE[hardware]?.toLowerCase() ?? 'node'] : []),
      ],
      type: kind.number,
      type_name: kind.title,
      hardware_type: hardware,
      hardware_type_name: HARDWARE[hardware],
      parallel: 0,
      parallel_name: 'Disabled',
      results: {},
      parameters: {},
      packages: {},
      timeout: '0:05:00',
      destructive: name.endsWith('destructive') || name === 'wipe-disks',
      for_hardware: [],
      may_reboot: false,
      recommission: false,
      history: [
        { id: index + 1, comment: 'Created by the sandbox', created: 'Thu, 01 Jan 1970 00:00:00 -0000' },
      ],
      default: true,
      apply_configured_networking: name.endsWith('connectivity'),
      resource_uri: `${API}scripts/${name}`,
    };
  },
);

function hardwareOf(name: string): number {
  if (/cpu|7z/.test(name)) return 1;
  if (/mem/.test(name)) return 2;
  if (/smartctl|badblocks|fio|wipe/.test(name)) return 3;
  return /connectivity/.test(name) ? 4 : 0;
}

function list({ world, url }: Call): Reply {
  const type = url.searchParams.get('type');
  const wanted = KINDS.find(({ number, words }) => type === String(number) || words.includes(type ?? ''));
  if (type !== null && !wanted)
    refuse(
      400,
      /^\d+$/.test(type)
        ? 'Invalid script type numeric value.'
        : 'Script type must be commissioning, testing or release',
    );
  const filters = url.searchParams.get('filters')?.split(',');
  const shown = SCRIPTS.filter(
    (script) =>
      (type === null || script.type === wanted?.number) &&
      // Release scripts came with 3.4.
      (script.type !== 3 || world.traits.lastDeployed) &&
      (!filters || filters.some((filter) => script.name === filter || script.tags.includes(filter))),
  );
  return json(
    200,
    shown.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  );
}

function scriptAt({ at }: Call) {
  return (
    SCRIPTS.find(({ id, name }) => name === at.name || String(id) === at.name) ??
    refuse(404, 'No Script matches the given query.')
  );
}

/** One row for each script of the newest commissioning, installation and test of each machine. */
function results(call: Call): Reply {
  const { world, url } = call;
  const asked = (name: string) => url.searchParams.getAll(name);
  const fits = (name: string, value: string) => asked(name).length === 0 || asked(name).includes(value);
  const rows = visible(call)
    .filter(({ systemId }) => fits('system_id', systemId))
    .flatMap((machine) =>
      [machine.commissioningSet, machine.installationSet, machine.testingSet].flatMap((id) => {
        const set = setAt(world, id);
        return set && fits('result_type', String(set.type)) ? shown(machine, set) : [];
      }),
    );
  return json(
    200,
    rows.filter(({ name }) => fits('name', name)),
  );
}

function shown(machine: Machine, set: ScriptSet) {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return set.results
    .filter((result) => result.ended !== null)
    .flatMap((result) =>
      (['output', 'stderr'] as const)
        .filter((stream) => result[stream] !== '')
        .map((stream) => ({
          created: new Date(result.started ?? 0).toISOString(),
          updated: new Date(result.ended ?? 0).toISOString(),
          id: result.id,
          name: stream === 'stderr' ? `${result.name}.err` : result.name,
          script_result: result.exitStatus,
          result_type: set.type,
          node: { system_id: machine.systemId },
          data: base64(result[stream]),
          resource_uri: `${API}commissioning-scripts/`,
        })),
    );
}
