import { logEvent, setStatus } from './log.ts';
import { COMMISSIONING_FAILURE, TEST_FAILURE } from './outputs.ts';
import { defaultLayout } from './place.ts';
import { switchOff } from './power.ts';
import { end } from './run.ts';
import { failScript, passScripts, setAt, startScripts } from './scripts.ts';
import { STATUS, type Status } from './status.ts';
import type { StepContext } from './step-context.ts';
import { applyLayout, foundDisks } from './storage.ts';

export function startGathering({ world, machine, at }: StepContext): void {
  logEvent(world, machine, 'GATHERING_INFO', { at });
  startScripts(setAt(world, machine.commissioningSet), at);
}

/** The scripts are through: MAAS knows the machine now, and tests it. */
export function finishCommissioning(turn: StepContext): void {
  const { world, machine, at, failure } = turn;
  const set = setAt(world, machine.commissioningSet);
  if (failure) {
    failScript(world, machine, set, { ...COMMISSIONING_FAILURE, at });
    return void leave(turn, STATUS.FAILED_COMMISSIONING);
  }
  passScripts(world, machine, set, at);
  learn(turn);
  if (machine.testingSet === null) return void leave(turn, STATUS.READY);
  setStatus(world, machine, STATUS.TESTING, at);
  startTests(turn);
}

export function startTests({ world, machine, at }: StepContext): void {
  const set = setAt(world, machine.testingSet);
  startScripts(set, at);
  for (const { name } of set?.results ?? [])
    logEvent(world, machine, 'RUNNING_TEST', {
      description: `${name} on ${machine.disks[0]?.name ?? 'node'}`,
      at,
    });
}

export function finishTesting(turn: StepContext): void {
  const { world, machine, at, failure } = turn;
  const set = setAt(world, machine.testingSet);
  if (failure) {
    const name = set?.results[0]?.name ?? TEST_FAILURE.name;
    failScript(world, machine, set, { ...TEST_FAILURE, name, at });
    return void leave(turn, STATUS.FAILED_TESTING);
  }
  passScripts(world, machine, set, at);
  leave(turn, afterTests(machine.previousStatus));
}

/** A machine that was deployed or allocated is so again, one that had failed is ready. */
function afterTests(before: Status): Status {
  const same: Status[] = [STATUS.DEPLOYED, STATUS.ALLOCATED, STATUS.RESERVED, STATUS.READY];
  if (same.includes(before)) return before;
  return before === STATUS.FAILED_COMMISSIONING ? STATUS.NEW : STATUS.READY;
}

/** The end of commissioning and of tests: the machine switches itself off, unless its own system is to come up again. */
function leave({ world, machine, at }: StepContext, status: Status): void {
  setStatus(world, machine, status, at);
  if (status === STATUS.READY) logEvent(world, machine, 'READY', { at });
  if (status === STATUS.FAILED_COMMISSIONING) logEvent(world, machine, 'FAILED_COMMISSIONING', { at });
  if (status === STATUS.FAILED_TESTING) logEvent(world, machine, 'FAILED_TESTING', { at });
  if (status !== STATUS.DEPLOYED) switchOff(world, machine, at);
  if (machine.status === STATUS.READY || machine.status === STATUS.FAILED_COMMISSIONING) machine.owner = null;
  end(world, machine);
}

/** The results of the scripts. */
function learn({ world, machine }: StepContext): void {
  const { hardware } = machine;
  machine.cpuCount = hardware.cpuCount;
  machine.cpuSpeed = hardware.cpuSpeed;
  machine.memory = hardware.memory;
  machine.biosBootMethod = hardware.biosBootMethod;
  machine.hardwareInfo = hardware.info;
  for (const found of hardware.nics) {
    const known = machine.nics.find((nic) => nic.mac === found.mac);
    if (known) known.name = found.name;
    else machine.nics.push({ id: world.store.state.machines.next.part++, ...found });
  }
  if (machine.disks.length === 0) machine.disks = foundDisks(world, machine);
  if (machine.layout === null) applyLayout(world, machine, defaultLayout(world));
}
