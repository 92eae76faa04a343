/** Machines, their tags and events. */
export interface MachinesState {
  machines: unknown[];
}

export function freshMachines(): MachinesState {
  return { machines: [] };
}
