import type { Form } from '../../api/client.ts';
import { type Change, type Comparison, fieldChanges, type Phase } from '../change.ts';
import type { LiveNamed } from '../live-site.ts';
import type { NamedEntry } from '../site.ts';

interface Kind {
  section: 'zones' | 'pools' | 'spaces';
  /** In the singular. */
  title: 'zone' | 'pool' | 'space';
  /** The path of all of them. */
  all: string;
  /** The path of one of them. */
  one: (named: LiveNamed) => string;
}

const KINDS: readonly Kind[] = [
  {
    section: 'zones',
    title: 'zone',
    all: 'zones/',
    one: ({ name }) => `zones/${encodeURIComponent(name)}/`,
  },
  // MAAS has them in the plural together and in the singular one by one.
  { section: 'pools', title: 'pool', all: 'resourcepools/', one: ({ id }) => `resourcepool/${id}/` },
  { section: 'spaces', title: 'space', all: 'spaces/', one: ({ id }) => `spaces/${id}/` },
];

/** Zones, pools and spaces: a name and a description. */
export function namedChanges({ site, current }: Comparison): Change[] {
  return KINDS.flatMap((kind) => {
    const wanted = site[kind.section];
    if (!wanted) return [];
    const have = current[kind.section];
    const old = site.prune.has(kind.section)
      ? have.filter(({ name }) => name !== 'default' && !wanted.some((one) => one.name === name))
      : [];
    return [
      ...wanted.flatMap((one) =>
        change(
          kind,
          one,
          have.find(({ name }) => name === one.name),
        ),
      ),
      ...old.map((one) => deletion(kind, one)),
    ];
  });
}

function change(kind: Kind, wanted: NamedEntry, have: LiveNamed | undefined): Change[] {
  const fields = fieldChanges([['description', have?.description ?? '', wanted.description]]);
  if (have && fields.length === 0) return [];
  const { name, description, path } = wanted;
  return [
    {
      kind: have ? 'update' : 'create',
      phase: kind.section as Phase,
      name: `${kind.title} ${name}`,
      fields,
      path,
      async run({ client, ids }) {
        const form: Form = description === undefined ? { name } : { name, description };
        if (have) await client.update(kind.one(have), form);
        else {
          const made = (await client.post(kind.all, form)) as { id: number };
          if (kind.title === 'space') ids.space(name, made.id);
        }
      },
    },
  ];
}

function deletion(kind: Kind, have: LiveNamed): Change {
  return {
    kind: 'delete',
    phase: `old ${kind.section}` as Phase,
    name: `${kind.title} ${have.name}`,
    fields: [],
    run: ({ client }) => client.delete(kind.one(have)),
  };
}
