import type { SandboxContext } from '../context.ts';
import { logEvent } from './log.ts';
import type { Machine, ScriptResult, ScriptSet } from './state.ts';

export const SCRIPT = { PENDING: 0, RUNNING: 1, PASSED: 2, FAILED: 3, TIMEDOUT: 4, ABORTED: 5, SKIPPED: 9 };
const SHOWN = new Map([
  [-1, 'Unknown'],
  [0, 'Pending'],
  [1, 'Running'],
  [2, 'Passed'],
  [3, 'Failed'],
  [4, 'Timed out'],
  [5, 'Aborted'],
  [6, 'Degraded'],
  [9, 'Skipped'],
]);
export const shownScript = (status: number): string => SHOWN.get(status) ?? 'Unknown';

export const RESULT = { COMMISSIONING: 0, INSTALLATION: 1, TESTING: 2, RELEASE: 3 };

/** MAAS' own commissioning scripts, in the order in which they run. */
export const COMMISSIONING_SCRIPTS = [
  '20-maas-01-install-lldpd',
  '20-maas-02-dhcp-unconfigured-ifaces',
  '30-maas-01-bmc-config',
  '40-maas-01-machine-config-hints',
  '50-maas-01-commissioning',
  'maas-capture-lldpd',
  'maas-get-fruid-api-data',
  'maas-kernel-cmdline',
  'maas-list-modaliases',
  'maas-lshw',
  'maas-serial-ports',
  'maas-support-info',
];
/** MAAS' own tests. */
const TEST_SCRIPTS = [
  ...[
    'smartctl-validate',
    'smartctl-short',
    'smartctl-long',
    'smartctl-conveyance',
    'memtester',
    'ntp',
    'fio',
  ],
  ...['stress-ng-cpu-long', 'stress-ng-cpu-short', 'stress-ng-memory-long', 'stress-ng-memory-short', '7z'],
  ...['badblocks', 'badblocks-destructive', 'internet-connectivity', 'gateway-connectivity'],
  'rack-controller-connectivity',
];
/** Scripts that can be requested as tests, by name or by tag. */
export const TESTS = [...TEST_SCRIPTS, 'commissioning', 'storage', 'cpu', 'memory', 'network', 'none'];
export const DEFAULT_TESTS = ['smartctl-validate'];
/** The path of curtin's log. */
export const INSTALL_LOG = '/tmp/install.log';

/** Starts a set whose results are still to come; MAAS keeps the last ten of a kind. */
export function newSet(world: SandboxContext, machine: Machine, type: number, names: string[]): ScriptSet {
  const { machines } = world.store.state;
  const set: ScriptSet = {
    id: machines.next.scriptSet++,
    systemId: machine.systemId,
    type,
    results: names.map((name) => ({
      id: machines.next.script++,
      name,
      status: SCRIPT.PENDING,
      exitStatus: null,
      started: null,
      ended: null,
      output: '',
      stderr: '',
    })),
  };
  machines.scriptSets.push(set);
  const same = machines.scriptSets.filter((old) => old.systemId === machine.systemId && old.type === type);
  if (same.length > 10) machines.scriptSets.splice(machines.scriptSets.indexOf(same[0] as ScriptSet), 1);
  return set;
}

export const setAt = (world: SandboxContext, id: number | null): ScriptSet | undefined =>
  id === null ? undefined : world.store.state.machines.scriptSets.find((set) => set.id === id);

/** Every script of a set begins. */
export function startScripts(set: ScriptSet | undefined, at: number): void {
  for (const result of set?.results ?? []) {
    result.status = SCRIPT.RUNNING;
    result.started = at;
  }
}

/** Every script that runs ends well, with an output as long as it needs to be. */
export function passScripts(
  world: SandboxContext,
  machine: Machine,
  set: ScriptSet | undefined,
  at: number,
): void {
  for (const result of set?.results ?? []) {
    if (result.status !== SCRIPT.RUNNING) continue;
    endScript(world, machine, result, SCRIPT.PASSED, at);
    result.output ||= `${result.name}: done\n`;
  }
}

/** One ends badly; the ones after it do not run any more. */
export function failScript(
  world: SandboxContext,
  machine: Machine,
  set: ScriptSet | undefined,
  { name, output, stderr, at }: { name: string; output: string; stderr: string; at: number },
): void {
  let failed = false;
  for (const result of set?.results ?? []) {
    if (result.name === name) {
      failed = true;
      endScript(world, machine, result, SCRIPT.FAILED, at);
      result.output = output;
      result.stderr = stderr;
    } else if (failed) result.status = SCRIPT.ABORTED;
    else {
      endScript(world, machine, result, SCRIPT.PASSED, at);
      result.output ||= `${result.name}: done\n`;
    }
  }
}

/** Aborts the scripts that have not ended. */
export function abortScripts(set: ScriptSet | undefined, at: number, status = SCRIPT.ABORTED): void {
  for (const result of set?.results ?? [])
    if (result.status === SCRIPT.PENDING || result.status === SCRIPT.RUNNING) {
      result.status = status;
      result.ended = at;
    }
}

function endScript(
  world: SandboxContext,
  machine: Machine,
  result: ScriptResult,
  status: number,
  at: number,
): void {
  const description = `${result.name} changed status from '${shownScript(result.status)}' to '${shownScript(status)}'`;
  result.status = status;
  result.exitStatus = status === SCRIPT.PASSED ? 0 : 1;
  result.ended = at;
  logEvent(world, machine, 'SCRIPT_RESULT_CHANGED_STATUS', { description, at });
}

/** MAAS' summary of a set: the worst that is among its results, -1 for none. */
export function statusOfResults(results: ScriptResult[]): number {
  const order = [
    SCRIPT.RUNNING,
    SCRIPT.PENDING,
    SCRIPT.FAILED,
    SCRIPT.TIMEDOUT,
    SCRIPT.ABORTED,
    SCRIPT.PASSED,
  ];
  return order.find((status) => results.some((result) => result.status === status)) ?? -1;
}
