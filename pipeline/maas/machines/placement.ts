import { suggest } from '../../core/text/suggest.ts';
import type { MaasClient } from '../api/client.ts';
import type { NewMachine } from './new-machine.ts';
import { listTags } from './tags.ts';

/** The kinds of groups that a machine is put into by name. */
export type PlacementKind = 'pool' | 'zone' | 'domain';

/** Something that a machine names and MAAS does not have, or does not let anybody set. */
export interface PlacementProblem {
  hostname: string;
  key: PlacementKind | 'tags';
  name: string;
  message: string;
  accepts: string;
  suggestion?: string | undefined;
}

const LISTS: Readonly<Record<PlacementKind, (client: MaasClient) => Promise<unknown>>> = {
  pool: (client) => client.get('resourcepools/'),
  zone: (client) => client.get('zones/'),
  domain: (client) => client.get('domains/'),
};

/**
 * Names that MAAS does not know, found before the first machine is added: pools, zones, domains, and tags whose machines MAAS
 * keeps itself. Other tags are made when they are missing. One request for each kind that is named at all.
 */
export async function placementProblems(
  client: MaasClient,
  wanted: readonly NewMachine[],
): Promise<PlacementProblem[]> {
  const problems: PlacementProblem[] = [];
  for (const key of Object.keys(LISTS) as PlacementKind[]) {
    const naming = wanted.filter((machine) => machine[key] !== undefined);
    if (naming.length === 0) continue;
    const known = await placementNames(client, key);
    for (const { hostname, [key]: name = '' } of naming)
      if (!known.includes(name))
        problems.push({
          hostname,
          key,
          name,
          message: `MAAS has no ${key} "${name}"`,
          accepts: known.join(', '),
          suggestion: suggest(name, known),
        });
  }
  if (!wanted.some(({ tags = [] }) => tags.length > 0)) return problems;
  const automatic = new Set(
    (await listTags(client)).filter((tag) => tag.definition !== '').map((t) => t.name),
  );
  for (const { hostname, tags = [] } of wanted)
    for (const name of tags)
      if (automatic.has(name))
        problems.push({
          hostname,
          key: 'tags',
          name,
          message: `MAAS sets the tag ${name} itself: it has a definition`,
          accepts: 'a tag without a definition',
        });
  return problems;
}

/** Names of all that MAAS has of a kind. */
export async function placementNames(client: MaasClient, key: PlacementKind): Promise<string[]> {
  const list = await LISTS[key](client);
  if (!Array.isArray(list)) throw client.notMaas(key, 'there is no list in it');
  return (list as { name?: unknown }[]).map(({ name }) => String(name));
}
