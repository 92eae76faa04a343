import type { SandboxContext } from '../context.ts';
import { SandboxError } from '../error.ts';
import { advance } from './advance.ts';
import { enlist } from './enlist.ts';
import { parseFailure } from './failures.ts';
import type { MachineDescription } from './hardware.ts';
import { pressButton } from './power.ts';
import type { Machine } from './state.ts';

/** The state of a machine of the sandbox that MAAS does not know. */
export interface RealMachine {
  systemId: string;
  hostname: string;
  /** Whether it has power. */
  powered: boolean;
  /** The event that it waits for: `power-on` is a press of its button. */
  waitsFor: 'power-on' | 'install' | 'guest' | 'timeout' | null;
  address: string | null;
  /** The ssh address of its guest. */
  port: number | null;
}

/** Actions on the machines themselves, which no MAAS could do. */
export interface Control {
  /** A machine, or so many, boot from the network for the first time and show up as New. */
  enlist(described?: MachineDescription | number): RealMachine[];
  /** A human presses the power button of the machine with this host name or system id. @throws SandboxError USAGE when it waits for nothing */
  press(machine: string): void;
  /** Lets what fits the rule fail from now on, see failures.ts. @throws SandboxError USAGE */
  addFailure(rule: string): void;
  clearFailures(): void;
  /** Puts the clock forward, in milliseconds; everything due until then happens. */
  advance(ms: number): void;
  machines(): RealMachine[];
}

export function controlOf(world: SandboxContext): Control {
  const state = () => world.store.state.machines;
  return {
    enlist(described = {}) {
      const each =
        typeof described === 'number' ? Array.from({ length: described }, () => ({})) : [described];
      const machines = each.map((one: MachineDescription) =>
        enlist(world, typeof described === 'number' ? { hostname: nextName(world), ...one } : one),
      );
      return machines.map(showReal);
    },
    press(name) {
      advance(world);
      const machine = find(world, name);
      if (!pressButton(world, machine))
        throw new SandboxError('USAGE', `Nothing waits for the power button of ${machine.hostname}`);
    },
    addFailure(rule) {
      world.failures.push(parseFailure(rule));
    },
    clearFailures() {
      world.failures.length = 0;
    },
    advance(ms) {
      state().skew += ms;
      advance(world);
      world.store.machinesChanged();
    },
    machines() {
      advance(world);
      return state().machines.map(showReal);
    },
  };
}

/** gpu-001, gpu-002, … */
function nextName(world: SandboxContext): string {
  const { machines } = world.store.state.machines;
  for (let number = machines.length + 1; ; number++) {
    const name = `gpu-${String(number).padStart(3, '0')}`;
    if (!machines.some((machine) => machine.hostname === name)) return name;
  }
}

function find(world: SandboxContext, name: string): Machine {
  const found = world.store.state.machines.machines.find(
    (machine) => machine.hostname === name || machine.systemId === name,
  );
  if (!found) throw new SandboxError('USAGE', `The sandbox has no machine ${JSON.stringify(name)}`);
  return found;
}

const showReal = (machine: Machine): RealMachine => ({
  systemId: machine.systemId,
  hostname: machine.hostname,
  powered: machine.powered,
  waitsFor: machine.run?.waitsFor ?? null,
  address: machine.address,
  port: machine.guestPort,
});
