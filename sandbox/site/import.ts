import type { SandboxContext } from '../context.ts';
import { type Resource, SYNCED } from '../store.ts';
import { addSynced } from '../synced.ts';
import { ARCHITECTURES } from './offers.ts';

/** Time that MAAS looks for news, and that each image takes, on the sandbox's clock. */
const LOOKING_MS = 500;
const EACH_MS = 1000;

/** Starts the import of everything selected that is not there yet; one that runs already goes on. */
export function startImport(world: SandboxContext): void {
  const { state } = world.store;
  advanceImport(world);
  if (state.site.importing) return;
  for (const [name, architecture] of selected(world))
    if (
      !state.resources.some(
        (one) => one.type === SYNCED && one.name === name && one.architecture === architecture,
      )
    )
      addSynced(state, name, architecture, { complete: false });
  state.site.importing = {
    startedAt: world.now(),
    resources: state.resources.filter((one) => one.type === SYNCED && !complete(one)).map(({ id }) => id),
  };
  state.importing = true;
}

/** Ends the import where it is; what has come is kept. */
export function stopImport(world: SandboxContext): void {
  advanceImport(world);
  world.store.state.site.importing = null;
  world.store.state.importing = false;
}

/**
 * Brings the import to where it is at this time: one image after the other, each growing evenly.
 * @returns whether something changed
 */
export function advanceImport(world: SandboxContext): boolean {
  const { state } = world.store;
  const running = state.site.importing;
  if (!running) return false;
  const passed = world.now() - running.startedAt - LOOKING_MS;
  running.resources.forEach((id, index) => {
    const resource = state.resources.find((one) => one.id === id);
    const part = Math.min(1, Math.max(0, (passed - index * EACH_MS) / EACH_MS));
    for (const file of resource?.sets.flatMap((set) => set.files) ?? []) {
      file.received = Math.max(file.received, Math.floor(file.size * part));
      if (file.received === file.size) file.receivedAt ??= world.now();
    }
  });
  if (passed >= running.resources.length * EACH_MS) {
    state.site.importing = null;
    state.importing = false;
  }
  world.architectures = usableArchitectures(state.resources);
  return true;
}

/** Those with an image whose kernel, initrd and squashfs are all there. */
export function usableArchitectures(resources: Resource[]): string[] {
  const usable = resources.filter((one) => one.type === SYNCED && complete(one));
  return [...new Set(usable.map(({ architecture }) => architecture))].sort();
}

const complete = (resource: Resource) =>
  resource.sets.some((set) => set.files.every((file) => file.received === file.size));

/** Name and architecture of every image that the selections ask for. */
function selected(world: SandboxContext): [string, string][] {
  const { bootSources, selections } = world.store.state.site;
  const enabled = new Set(bootSources.filter(({ enabled: on }) => on).map(({ id }) => id));
  return selections
    .filter(({ source }) => enabled.has(source))
    .flatMap(({ os, release, arches }) =>
      (arches.includes('*') ? ARCHITECTURES : arches).map((arch): [string, string] => [
        `${os}/${release}`,
        `${arch}/generic`,
      ]),
    );
}
