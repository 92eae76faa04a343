import { logEvent, markFailed, setStatus } from './log.ts';
import { ERASE_FAILURE, RELEASE_FAILURE } from './outputs.ts';
import { switchOff } from './power.ts';
import { begin, end } from './run.ts';
import { failScript, passScripts, SCRIPT, setAt, startScripts } from './scripts.ts';
import { STATUS } from './status.ts';
import type { StepContext } from './step-context.ts';

/** The machine is off and nobody's. */
export function finishRelease(turn: StepContext): void {
  const { world, machine, at, failure } = turn;
  if (failure) {
    failScript(world, machine, setAt(world, machine.releaseSet), { ...RELEASE_FAILURE, at });
    markFailed(world, machine, STATUS.FAILED_RELEASING, 'Failed to release machine.', at);
    return void end(world, machine);
  }
  const commissioned = setAt(world, machine.commissioningSet)?.results.every(
    (result) => result.status === SCRIPT.PASSED,
  );
  setStatus(world, machine, commissioned ? STATUS.READY : STATUS.NEW, at);
  machine.owner = null;
  machine.address = null;
  logEvent(world, machine, 'RELEASED', { at });
  end(world, machine);
}

export function finishErase({ world, machine, run, at, failure }: StepContext): void {
  const set = setAt(world, machine.releaseSet);
  startScripts(set, at);
  if (failure) {
    failScript(world, machine, set, { ...ERASE_FAILURE, at });
    markFailed(world, machine, STATUS.FAILED_DISK_ERASING, 'Failed to erase disks.', at);
    return void end(world, machine);
  }
  passScripts(world, machine, set, at);
  logEvent(world, machine, 'NODE_DISKS_ERASED', { at });
  setStatus(world, machine, STATUS.RELEASING, at);
  logEvent(world, machine, 'RELEASING', { at });
  if (machine.powerType === 'manual')
    return void finishRelease({ world, machine, run, at, failure: undefined });
  begin(world, machine, 'release', { at, from: run.from });
}

export function finishRescue({ world, machine, at, failure }: StepContext): void {
  if (failure)
    markFailed(world, machine, STATUS.FAILED_ENTERING_RESCUE_MODE, 'Failed to enter rescue mode.', at);
  else {
    setStatus(world, machine, STATUS.RESCUE_MODE, at);
    logEvent(world, machine, 'RESCUE_MODE', { at });
  }
  end(world, machine);
}

export function leaveRescue({ world, machine, at }: StepContext): void {
  setStatus(world, machine, machine.previousStatus, at);
  if (machine.status === STATUS.DEPLOYED) machine.powered = true;
  else {
    machine.owner = null;
    switchOff(world, machine, at);
  }
  logEvent(world, machine, 'EXITED_RESCUE_MODE', { at });
  end(world, machine);
}
