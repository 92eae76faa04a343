import type { Problem } from '../../config/yaml/problem.ts';
import type { MaasClient } from '../api/client.ts';
import { type Change, type Comparison, PHASES } from './change.ts';
import { bootSourceChanges, wantedImages } from './diff/boot-sources.ts';
import { dhcpChanges } from './diff/dhcp.ts';
import { domainChanges } from './diff/domains.ts';
import { fabricChanges } from './diff/fabrics.ts';
import { namedChanges } from './diff/named.ts';
import { rangeChanges } from './diff/ranges.ts';
import { settingChanges } from './diff/settings.ts';
import { sshKeyChanges } from './diff/ssh-keys.ts';
import { subnetChanges } from './diff/subnets.ts';
import { tagChanges } from './diff/tags.ts';
import { completeOf } from './import.ts';
import { type LiveSection, type LiveSite, readLiveSite } from './live-site.ts';
import type { LoadedSite } from './load.ts';
import type { Site } from './site.ts';

export interface Plan {
  /** In the order in which they are made. */
  changes: Change[];
  current: LiveSite;
  /** Finds places in the file that it was made from. */
  find: LoadedSite['find'];
}

const DIFFERENCES: readonly ((comparison: Comparison) => Change[])[] = [
  settingChanges,
  sshKeyChanges,
  domainChanges,
  namedChanges,
  fabricChanges,
  subnetChanges,
  rangeChanges,
  dhcpChanges,
  tagChanges,
  bootSourceChanges,
];

/**
 * The changes that would make a MAAS as the file says; reads only, and only objects that the file names.
 * @throws Fault CONFIG_INVALID for what does not fit this MAAS, with its place in the file; MAAS_*
 */
export async function planSite(loaded: LoadedSite, client: MaasClient): Promise<Plan> {
  const { site } = loaded;
  const current = await readLiveSite(client, {
    settings: site.settings.map(({ name }) => name),
    sections: sectionsOf(site),
  });
  current.images = await completeOf(client, current.images, wantedImages(site));
  const problems: Problem[] = [];
  const comparison: Comparison = { site, current, problems };
  const changes = DIFFERENCES.flatMap((difference) => difference(comparison));
  if (problems.length) throw loaded.fault(problems);
  return {
    changes: changes.sort((a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase)),
    current,
    find: loaded.find,
  };
}

function sectionsOf(site: Site): Set<LiveSection> {
  const same = (['sshKeys', 'bootSources', 'zones', 'pools', 'tags', 'domains'] as const).filter(
    (section) => site[section] !== undefined,
  );
  const networks = site.fabrics || site.subnets || site.spaces ? (['networks'] as const) : [];
  return new Set([...same, ...networks]);
}
