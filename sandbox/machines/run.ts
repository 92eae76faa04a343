import type { SandboxContext } from '../context.ts';
import type { Machine } from './state.ts';
import type { Status } from './status.ts';

/**
 * Puts a machine on its way; advance.ts takes the steps when their time has come.
 * @param from where it was before, in case that power cannot be controlled
 */
export function begin(
  world: SandboxContext,
  machine: Machine,
  program: string,
  { at = world.now(), from = machine.previousStatus }: { at?: number; from?: Status } = {},
): void {
  const limit = program === 'release' ? world.pace.releaseTimeout : world.pace.nodeTimeout;
  machine.run = {
    program,
    step: -1,
    due: at,
    waitsFor: null,
    expires: program.startsWith('power-') ? null : at + limit,
    from,
  };
  world.store.machinesChanged();
}

/** Forgets what a machine was deployed with. */
export function forgetDeployment(machine: Machine): void {
  machine.agentName = '';
  machine.netboot = true;
  machine.osystem = '';
  machine.distroSeries = '';
  machine.hweKernel = null;
  machine.resource = null;
  machine.userData = '';
}

/** Nothing happens to the machine any more. */
export function end(world: SandboxContext, machine: Machine): void {
  machine.run = null;
  world.store.machinesChanged();
}
