import type { SandboxContext } from '../context.ts';
import { setComplete } from '../images.ts';
import { type Resource, SYNCED, UPLOADED } from '../store.ts';

/** Something that can be deployed, as `distro_series` names it. */
export interface Release {
  osystem: string;
  name: string;
  title: string;
  resources: Resource[];
}

const ALIASES: Record<string, string> = {
  xenial: '16.04',
  bionic: '18.04',
  focal: '20.04',
  jammy: '22.04',
  noble: '24.04',
  resolute: '26.04',
};

const usable = (world: SandboxContext, resource: Resource) =>
  resource.sets.some((set) => set.files.length > 0 && setComplete(world, set));

/** Everything that can be deployed, in the order in which MAAS offers it: by the title of system, then of release. */
export function releases(world: SandboxContext): Release[] {
  const found = new Map<string, Release>();
  for (const resource of world.store.state.resources) {
    if (!usable(world, resource)) continue;
    const [osystem, name] = splitName(resource);
    const key = `${osystem}/${name}`;
    const known = found.get(key);
    if (known) known.resources.push(resource);
    else
      found.set(key, {
        osystem,
        name,
        title: resource.title || titleOf(osystem, name),
        resources: [resource],
      });
  }
  return [...found.values()].sort(
    (a, b) => compare(systemTitle(a.osystem), systemTitle(b.osystem)) || compare(a.title, b.title),
  );
}

/** An upload without a system of its own is a release of "custom". */
function splitName(resource: Resource): [string, string] {
  const [first = '', second] = resource.name.split('/');
  if (second !== undefined) return [first, second];
  return [resource.type === UPLOADED ? 'custom' : 'ubuntu', first];
}

const aliasOf = (series: string): string | undefined =>
  Object.hasOwn(ALIASES, series) ? ALIASES[series] : undefined;

const titleOf = (osystem: string, name: string) =>
  osystem === 'ubuntu' ? `Ubuntu ${aliasOf(name) ?? name}` : name;
const systemTitle = (osystem: string) => osystem[0]?.toUpperCase() + osystem.slice(1);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** As MAAS finds a release by its name, its alias ("22.04") or the system's name alone. */
export function findRelease(world: SandboxContext, wanted: string): Release | undefined {
  const all = releases(world);
  const [first = '', second] = wanted.split('/');
  const osystem = second === undefined ? undefined : first;
  const name = second ?? first;
  const among = all.filter((release) => osystem === undefined || release.osystem === osystem);
  const exact = among.find(
    (release) => release.name === name || (release.osystem === 'ubuntu' && aliasOf(release.name) === name),
  );
  if (exact) return exact;
  return among
    .filter(
      (release) =>
        release.osystem === name || (release.osystem !== 'ubuntu' && release.name.startsWith(name)),
    )
    .sort((a, b) => compare(b.name, a.name))[0];
}

/** MAAS' refusal of a release that it does not know. */
export function releaseChoices(world: SandboxContext, wanted: string): string {
  const choices = ['', ...releases(world).map((release) => `${release.osystem}/${release.name}`)];
  const list = choices.map((choice) => `'${choice}'`).join(', ');
  return `'${wanted}' is not a valid distro_series.  It should be one of: ${list}.`;
}

/** The image of a release for a machine, or undefined. */
export function resourceFor(release: Release, architecture: string): Resource | undefined {
  const [arch] = architecture.split('/');
  return release.resources.find((resource) => resource.architecture.split('/')[0] === arch);
}

/** Whether MAAS could boot its own system on this architecture. */
export function canBoot(world: SandboxContext, series: string, architecture: string): boolean {
  const [arch] = architecture.split('/');
  return world.store.state.resources.some(
    (resource) =>
      resource.type === SYNCED &&
      resource.name === `ubuntu/${series}` &&
      resource.architecture.split('/')[0] === arch &&
      usable(world, resource),
  );
}

/** The kernels of a series: its own, and from one later series on the newer ones. */
export function kernelsOf(series: string): string[] {
  const version = aliasOf(series);
  return version ? [`ga-${version}`, `hwe-${version}`, `hwe-${version}-edge`] : [];
}
