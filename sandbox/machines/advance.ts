import type { SandboxContext } from '../context.ts';
import { failureOf } from './failures.ts';
import { logEvent, markFailed, setStatus } from './log.ts';
import { switchOff, switchOn } from './power.ts';
import { PROGRAMS, type Step } from './programs.ts';
import { end } from './run.ts';
import { abortScripts, setAt } from './scripts.ts';
import type { Machine, Run } from './state.ts';
import { failedOf, STATUS, shownStatus, statusKey } from './status.ts';

/**
 * Lets everything happen that is due by now, in the order of its time. Called before each request, so that the state
 * is a function of the clock and of what was asked.
 */
export function advance(world: SandboxContext): void {
  const now = world.now();
  const running = world.store.state.machines.machines.filter((machine) => machine.run);
  for (;;) {
    let next: Machine | undefined;
    let when = Number.POSITIVE_INFINITY;
    for (const machine of running) {
      const moment = machine.run ? momentOf(machine.run) : when;
      if (moment <= now && moment < when) [next, when] = [machine, moment];
    }
    if (!next?.run) return;
    if (next.run.due === null || next.run.due > when) giveUp(world, next, when);
    else take(world, next, next.run, when);
    world.store.machinesChanged();
  }
}

/** A guest takes the time that unpacking or installing takes, whatever the clock says. */
function momentOf({ due, expires, waitsFor }: Run): number {
  if (waitsFor === 'guest' || waitsFor === 'install') return Number.POSITIVE_INFINITY;
  return Math.min(due ?? Number.POSITIVE_INFINITY, expires ?? Number.POSITIVE_INFINITY);
}

function take(world: SandboxContext, machine: Machine, run: Run, at: number): void {
  const steps = PROGRAMS[run.program] as Step[];
  const step = steps[run.step];
  if (step) {
    if (step.power && machine.powerType !== 'manual' && failureOf(world, machine, 'power'))
      return void powerFailed(world, machine, run, step.power, at);
    const failure = step.stage && failureOf(world, machine, step.stage);
    if (failure?.how.has('timeout')) return void wait(run, 'timeout');
    if (step.power === 'on') switchOn(world, machine, at);
    if (step.power === 'off') switchOff(world, machine, at);
    if (step.event && !failure) logEvent(world, machine, step.event, { at });
    schedule(world, machine, run, at);
    step.do?.({ world, machine, run, at, failure });
  } else if (run.step < 0 && run.expires !== null && failureOf(world, machine, 'timeout'))
    wait(run, 'timeout');
  else if (run.step < 0) schedule(world, machine, run, at);
  // A guest that still comes up is the last thing of some programs.
  if (machine.run === run && run.step >= steps.length && run.waitsFor === null) end(world, machine);
}

/** Sets the time of the next step, or waits for the human who presses the button. */
function schedule(world: SandboxContext, machine: Machine, run: Run, at: number): void {
  const next = (PROGRAMS[run.program] as Step[])[++run.step];
  if (!next) return;
  if (next.power === 'on' && machine.powerType === 'manual') return void wait(run, 'power-on');
  run.due = at + world.pace[next.after];
}

function wait(run: Run, what: Run['waitsFor']): void {
  run.due = null;
  run.waitsFor = what;
}

/** MAAS' own time limit has passed. */
function giveUp(world: SandboxContext, machine: Machine, at: number): void {
  const failed = failedOf(machine.status);
  const minutes = machine.status === STATUS.RELEASING ? 5 : 30;
  const comment = `Node operation '${shownStatus(machine.status)}' timed out after ${minutes} minutes.`;
  for (const id of [machine.commissioningSet, machine.testingSet, machine.installationSet])
    abortScripts(setAt(world, id), at);
  if (failed !== undefined) markFailed(world, machine, failed, comment, at);
  end(world, machine);
}

/** The BMC does not answer: MAAS goes back to where it was. */
function powerFailed(
  world: SandboxContext,
  machine: Machine,
  run: Run,
  what: 'on' | 'off',
  at: number,
): void {
  machine.powerState = 'error';
  const reason = `Power ${what} for the node failed: Connection timed out while performing power action.  Check BMC configuration and connectivity and try again.`;
  logEvent(world, machine, what === 'on' ? 'NODE_POWER_ON_FAILED' : 'NODE_POWER_OFF_FAILED', {
    description: reason,
    at,
  });
  if (machine.status !== run.from && !run.program.startsWith('power-')) {
    const description = `(${machine.owner}) - Aborting ${statusKey(machine.status)} and reverting to ${statusKey(run.from)}. Unable to power control the node. Please check power credentials.`;
    logEvent(world, machine, 'NODE_POWER_QUERY_FAILED', { description, at });
    for (const id of [machine.commissioningSet, machine.testingSet]) abortScripts(setAt(world, id), at);
    // A wipe that could not begin has failed.
    setStatus(world, machine, run.program === 'erase' ? STATUS.FAILED_DISK_ERASING : run.from, at);
  }
  end(world, machine);
}
