import type { Form } from '../../api/client.ts';
import { type Change, type Comparison, fieldChanges } from '../change.ts';
import type { LiveSite } from '../live-site.ts';
import type { Domain } from '../site.ts';

/** DNS domains, and which of them is the default. */
export function domainChanges({ site, current }: Comparison): Change[] {
  const wanted = site.domains;
  if (!wanted) return [];
  const hasDefault = wanted.some((domain) => domain.default);
  const old = current.domains.filter(
    ({ name, isDefault }) =>
      site.prune.has('domains') &&
      !wanted.some((domain) => domain.name === name) &&
      (hasDefault || !isDefault),
  );
  return [
    ...wanted.flatMap((domain) =>
      change(
        domain,
        current.domains.find(({ name }) => name === domain.name),
      ),
    ),
    ...old.map(
      ({ id, name }): Change => ({
        kind: 'delete',
        phase: 'old domains',
        name: `domain ${name}`,
        fields: [],
        run: ({ client }) => client.delete(`domains/${id}/`),
      }),
    ),
  ];
}

function change(wanted: Domain, have: LiveSite['domains'][number] | undefined): Change[] {
  const { name, authoritative, ttl } = wanted;
  const own = fieldChanges([
    ['authoritative', have?.authoritative ?? true, authoritative],
    ['ttl', have?.ttl ?? null, ttl],
  ]);
  const fields = [...own, ...fieldChanges([['default', have?.isDefault ?? false, wanted.default]])];
  if (have && fields.length === 0) return [];
  return [
    {
      kind: have ? 'update' : 'create',
      phase: 'domains',
      name: `domain ${name}`,
      fields,
      path: wanted.path,
      async run({ client, ids }) {
        const form: Form = {
          name,
          ...(authoritative === undefined ? {} : { authoritative }),
          ...(ttl === undefined ? {} : { ttl }),
        };
        if (!have) ids.domain(name, ((await client.post('domains/', form)) as { id: number }).id);
        else if (own.length) await client.update(`domains/${have.id}/`, form);
        if (wanted.default && !have?.isDefault)
          await client.post(`domains/${ids.domain(name)}/?op=set_default`, {});
      },
    },
  ];
}
