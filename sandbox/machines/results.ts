import { json, plain, type Reply, ReplyError, refuse, text } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { setAt, shownScript, statusOfResults } from './scripts.ts';
import type { Machine, ScriptResult, ScriptSet } from './state.ts';
import { machineAt } from './visible.ts';

const TYPES = ['Commissioning', 'Installation', 'Testing', 'Release'];

/** The output of the scripts of commissioning, tests, installation and release. */
export const resultRoutes: Route[] = [
  {
    path: 'nodes/{system_id}/results/',
    operations: { GET: { kind: 'results', for: 'maas command', run: list } },
  },
  {
    path: 'nodes/{system_id}/results/{id}/',
    operations: {
      GET: { kind: 'result', run: (call) => json(200, showSet(call, machineAt(call), setOf(call))) },
      'GET download': { kind: 'result-download', for: 'maas command', run: download },
    },
  },
];

function list(call: Call): Reply {
  const machine = machineAt(call);
  const { scriptSets } = call.world.store.state.machines;
  const type = call.url.searchParams.get('type');
  const wanted = type === null ? undefined : typeOf(type);
  const sets = scriptSets.filter(
    (set) => set.systemId === machine.systemId && (wanted === undefined || set.type === wanted),
  );
  return json(
    200,
    sets.map((set) => showSet(call, machine, set)),
  );
}

/** MAAS takes the name or the number of a type. */
function typeOf(given: string): number {
  const index = TYPES.findIndex(
    (name, number) => name.toLowerCase() === given.toLowerCase() || String(number) === given,
  );
  return index >= 0
    ? index
    : refuse(
        400,
        `Result type must be 0-${TYPES.length - 1} or ${TYPES.map((name) => name.toLowerCase()).join(', ')}.`,
      );
}

function setOf(call: Call): ScriptSet {
  const { world, at } = call;
  const machine = machineAt(call);
  const id = at.id as string;
  const current: Record<string, number | null> = {
    'current-commissioning': machine.commissioningSet,
    'current-testing': machine.testingSet,
    'current-installation': machine.installationSet,
  };
  if (Object.hasOwn(current, id))
    return (
      setAt(world, current[id] ?? null) ??
      refuse(400, `No ${id.replace('-', ' ')} script set exists for this node.`)
    );
  if (!/^\d+$/.test(id))
    throw new ReplyError(
      text(
        400,
        `Unknown id "${id}" must be current-commissioning, current-testing, current-installation, or the id number of a specific result.`,
      ),
    );
  const set = setAt(world, Number(id));
  if (set?.systemId !== machine.systemId) refuse(404, 'No ScriptSet matches the given query.');
  return set as ScriptSet;
}

function filtered({ url }: Call, set: ScriptSet): ScriptResult[] {
  const filters = url.searchParams.get('filters')?.split(',');
  const results = filters
    ? set.results.filter((result) => filters.includes(result.name) || filters.includes(String(result.id)))
    : set.results;
  return results.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function showSet(call: Call, machine: Machine, set: ScriptSet) {
  const status = statusOfResults(set.results);
  const moments = (of: 'started' | 'ended') =>
    set.results.map((result) => result[of]).filter((at) => at !== null);
  const started = Math.min(...moments('started'));
  const ended = moments('ended').length === set.results.length ? Math.max(...moments('ended')) : null;
  const output = !['', 'false', '0', null].includes(call.url.searchParams.get('include_output'));
  return {
    id: set.id,
    system_id: machine.systemId,
    type: set.type,
    type_name: TYPES[set.type],
    last_ping: rfc(Number.isFinite(started) ? started : null),
    status,
    status_name: shownScript(status),
    started: rfc(Number.isFinite(started) ? started : null),
    ended: rfc(ended),
    runtime: runtime(Number.isFinite(started) ? started : null, ended),
    results: filtered(call, set).map((result) => showResult(result, output)),
    suppressed: false,
    resource_uri: `${API}nodes/${machine.systemId}/results/${set.id}/`,
  };
}

function showResult(result: ScriptResult, withOutput: boolean) {
  const base64 = (content: string) => Buffer.from(content).toString('base64');
  return {
    id: result.id,
    created: rfc(result.started ?? 0),
    updated: rfc(result.ended ?? result.started ?? 0),
    name: result.name,
    status: result.status,
    status_name: shownScript(result.status),
    exit_status: result.exitStatus,
    started: rfc(result.started),
    ended: rfc(result.ended),
    runtime: runtime(result.started, result.ended),
    starttime: result.started === null ? '' : result.started / 1000,
    endtime: result.ended === null ? '' : result.ended / 1000,
    estimated_runtime: runtime(result.started, result.ended) || 'Unknown',
    parameters: {},
    script_id: null,
    script_revision_id: null,
    suppressed: false,
    ...(withOutput
      ? {
          output: base64(result.output + result.stderr),
          stdout: base64(result.output),
          stderr: base64(result.stderr),
          result: '',
        }
      : {}),
  };
}

/** As Python's email.utils writes a time. */
function rfc(at: number | null): string | null {
  return at === null ? null : new Date(at).toUTCString().replace('GMT', '+0000');
}

function runtime(started: number | null, ended: number | null): string {
  if (started === null || ended === null) return '';
  const seconds = Math.round((ended - started) / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** The outputs as one text; MAAS' archives (filetype=tar.xz) are not played. */
function download(call: Call): Reply {
  const filetype = call.url.searchParams.get('filetype') ?? 'txt';
  if (filetype !== 'txt') refuse(400, `Unknown filetype "${filetype}" must be txt or tar.xz`);
  const which = call.url.searchParams.get('output') ?? 'combined';
  const of = (result: ScriptResult) =>
    which === 'stdout' ? result.output : which === 'stderr' ? result.stderr : result.output + result.stderr;
  const results = filtered(call, setOf(call));
  const [only] = results;
  if (results.length === 1 && only) return binary(of(only));
  return binary(
    results
      .map((result) => {
        const dashes = '-'.repeat(Math.max(0, Math.floor((80 - (2 + result.name.length)) / 2)));
        return `${dashes} ${result.name} ${dashes}\n${of(result)}\n`;
      })
      .join(''),
  );
}

function binary(body: string): Reply {
  return { ...plain(200, body), headers: { 'content-type': 'application/binary' } };
}
