import { freshMachines } from './machines/state.ts';
import { freshSite } from './site/state.ts';
import type { State } from './store.ts';
import { addSynced } from './synced.ts';

const SERIES = ['focal', 'jammy'];

/** A MAAS that has imported Ubuntu for these architectures. */
export function freshState(version: string, architectures: string[]): State {
  const state: State = {
    format: 1,
    version,
    nextResource: 1,
    nextFile: 1,
    importing: false,
    resources: [],
    site: freshSite(),
    machines: freshMachines(),
  };
  for (const series of SERIES)
    for (const architecture of architectures)
      addSynced(state, `ubuntu/${series}`, architecture, { complete: true });
  return state;
}
