import type { SandboxContext } from '../context.ts';

/**
 * MAAS carries out each request in one transaction, so what is refused leaves nothing behind: a machine that was
 * allocated by a deployment which is refused is Ready again.
 * @returns what brings the machine, its events and its scripts back to where they are now
 */
export function remember(world: SandboxContext, systemId: string | undefined): () => void {
  const state = world.store.state.machines;
  const machine = state.machines.find((known) => known.systemId === systemId);
  if (!machine) return () => undefined;
  const kept = structuredClone(machine);
  const sets = structuredClone(state.scriptSets.filter((set) => set.systemId === systemId));
  const { event } = state.next;
  return () => {
    Object.assign(machine, kept);
    state.events = state.events.filter((one) => one.systemId !== systemId || one.id < event);
    const others = state.scriptSets.filter((set) => set.systemId !== systemId);
    state.scriptSets = [...others, ...sets].sort((a, b) => a.id - b.id);
    world.store.machinesChanged();
  };
}
