import type { SandboxContext } from '../context.ts';
import { logEvent } from './log.ts';
import type { Machine } from './state.ts';

/** The machine has power from now on; MAAS knows it only if it can ask. */
export function switchOn(world: SandboxContext, machine: Machine, at: number): void {
  machine.powered = true;
  if (machine.powerType === 'manual') return;
  machine.powerState = 'on';
  logEvent(world, machine, 'NODE_POWERED_ON', { at });
}

export function switchOff(world: SandboxContext, machine: Machine, at: number): void {
  machine.powered = false;
  if (machine.powerType === 'manual') return;
  machine.powerState = 'off';
  logEvent(world, machine, 'NODE_POWERED_OFF', { at });
}

/**
 * A human presses the power button: what waited for it goes on, a deployed machine comes up again.
 * @returns false when nothing waited and nothing comes of it
 */
export function pressButton(world: SandboxContext, machine: Machine): boolean {
  const { run } = machine;
  if (run?.waitsFor !== 'power-on') return false;
  run.waitsFor = null;
  run.due = world.now();
  world.store.machinesChanged();
  return true;
}
