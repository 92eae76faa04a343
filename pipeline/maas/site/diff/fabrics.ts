import { quoted } from '../../../config/yaml/problem.ts';
import type { Form } from '../../api/client.ts';
import { type Change, type Comparison, fieldChanges } from '../change.ts';
import type { LiveVlan } from '../live-site.ts';
import { wrong } from '../rules/rule.ts';
import type { Fabric, Vlan } from '../site.ts';

/** MAAS' own untagged VLAN of a fabric that is still to be made. */
const UNTAGGED = { name: 'untagged', mtu: 1500, space: 'undefined' };

/** Fabrics and their VLANs, but for DHCP. */
export function fabricChanges(comparison: Comparison): Change[] {
  const { site, current, problems } = comparison;
  const wanted = site.fabrics;
  if (!wanted) return [];
  const isNew = ({ name }: Fabric) => !current.fabrics.some((have) => have.name === name);
  for (const { name, path } of wanted.filter(isNew))
    if (/^fabric-\d+$/.test(name))
      problems.push(
        wrong(
          [...path, 'name'],
          `there is no ${name}, and MAAS reserves names like this`,
          `a name of your own, or one of ${current.fabrics.map((have) => have.name).join(', ')}`,
        ),
      );
  const old = current.fabrics.filter(
    // Fabric 0 is MAAS' default and cannot be deleted.
    ({ id, name }) => site.prune.has('fabrics') && id !== 0 && !wanted.some((fabric) => fabric.name === name),
  );
  return [
    ...wanted.filter(isNew).map(creation),
    ...wanted.flatMap((fabric) => vlanChanges(fabric, comparison)),
    ...old.map(
      ({ id, name }): Change => ({
        kind: 'delete',
        phase: 'old fabrics',
        name: `fabric ${name}`,
        fields: [],
        run: ({ client }) => client.delete(`fabrics/${id}/`),
      }),
    ),
  ];
}

const creation = ({ name, path }: Fabric): Change => ({
  kind: 'create',
  phase: 'fabrics',
  name: `fabric ${name}`,
  fields: [],
  path,
  async run({ client, ids }) {
    const made = (await client.post('fabrics/', { name })) as {
      id: number;
      vlans: { id: number; vid: number }[];
    };
    ids.fabric(name, made.id);
    for (const { id, vid } of made.vlans) ids.vlan({ fabric: name, vid }, id);
  },
});

function vlanChanges(fabric: Fabric, comparison: Comparison): Change[] {
  const { site, current } = comparison;
  const have = current.fabrics.find(({ name }) => name === fabric.name)?.vlans ?? [];
  const old = have.filter(
    ({ vid }) =>
      fabric.vlans && site.prune.has('vlans') && vid !== 0 && !fabric.vlans.some((vlan) => vlan.vid === vid),
  );
  return [
    ...(fabric.vlans ?? []).flatMap((vlan) =>
      vlanChange(
        fabric.name,
        vlan,
        have.find(({ vid }) => vid === vlan.vid),
        comparison,
      ),
    ),
    ...old.map(
      ({ vid }): Change => ({
        kind: 'delete',
        phase: 'old vlans',
        name: vlanName(fabric.name, vid),
        fields: [],
        run: ({ client, ids }) => client.delete(`fabrics/${ids.fabric(fabric.name)}/vlans/${vid}/`),
      }),
    ),
  ];
}

/** A VLAN as a plan calls it. */
export function vlanName(fabric: string, vid: number): string {
  return `VLAN ${fabric}/${vid === 0 ? 'untagged' : vid}`;
}

function vlanChange(
  fabric: string,
  vlan: Vlan,
  have: LiveVlan | undefined,
  comparison: Comparison,
): Change[] {
  checkSpace(vlan, comparison);
  const { vid, mtu, space } = vlan;
  const before = have ?? (vid === 0 ? UNTAGGED : undefined);
  const fields = fieldChanges([
    // The untagged VLAN is called so whatever is set.
    ['name', before?.name ?? '', vid === 0 ? undefined : vlan.name],
    ['mtu', before?.mtu ?? UNTAGGED.mtu, mtu],
    ['space', before?.space ?? UNTAGGED.space, space],
  ]);
  if (before && fields.length === 0) return [];
  return [
    {
      kind: before ? 'update' : 'create',
      phase: 'vlans',
      name: vlanName(fabric, vid),
      fields,
      path: vlan.path,
      async run({ client, ids }) {
        const form: Form = {
          ...(vid === 0 || vlan.name === undefined ? {} : { name: vlan.name }),
          ...(mtu === undefined ? {} : { mtu }),
          ...(space === undefined ? {} : { space: space === 'undefined' ? '' : ids.space(space) }),
        };
        const path = `fabrics/${ids.fabric(fabric)}/vlans/`;
        if (before) await client.update(`${path}${vid}/`, form);
        else ids.vlan({ fabric, vid }, ((await client.post(path, { vid, ...form })) as { id: number }).id);
      },
    },
  ];
}

function checkSpace({ space, path }: Vlan, { site, current, problems }: Comparison) {
  const names = [...(site.spaces ?? []), ...current.spaces].map(({ name }) => name);
  if (space !== undefined && space !== 'undefined' && !names.includes(space))
    problems.push(
      wrong(
        [...path, 'space'],
        `there is no space ${quoted(space)}`,
        [...new Set(names), 'undefined'].join(', '),
      ),
    );
}
