import type { Form } from '../../api/client.ts';
import { type Change, type Comparison, fieldChanges } from '../change.ts';
import type { LiveSite } from '../live-site.ts';
import type { Tag } from '../site.ts';

/** Tags with their definitions and kernel options; which machines have them is not said here. */
export function tagChanges({ site, current }: Comparison): Change[] {
  const wanted = site.tags;
  if (!wanted) return [];
  const old = current.tags.filter(
    ({ name }) => site.prune.has('tags') && !wanted.some((tag) => tag.name === name),
  );
  return [
    ...wanted.flatMap((tag) =>
      change(
        tag,
        current.tags.find(({ name }) => name === tag.name),
      ),
    ),
    ...old.map(
      ({ name }): Change => ({
        kind: 'delete',
        phase: 'old tags',
        name: `tag ${name}`,
        fields: [],
        run: ({ client }) => client.delete(`tags/${name}/`),
      }),
    ),
  ];
}

function change(wanted: Tag, have: LiveSite['tags'][number] | undefined): Change[] {
  const { name, comment, definition, kernelOptions } = wanted;
  const fields = fieldChanges([
    ['comment', have?.comment ?? '', comment],
    ['definition', have?.definition ?? '', definition],
    ['kernel_options', have?.kernelOptions ?? '', kernelOptions],
  ]);
  if (have && fields.length === 0) return [];
  return [
    {
      kind: have ? 'update' : 'create',
      phase: 'tags',
      name: `tag ${name}`,
      fields,
      path: wanted.path,
      keys: { kernel_opts: [...wanted.path, 'kernel_options'] },
      async run({ client }) {
        const form: Form = {
          name,
          ...(comment === undefined ? {} : { comment }),
          ...(definition === undefined ? {} : { definition }),
          ...(kernelOptions === undefined ? {} : { kernel_opts: kernelOptions }),
        };
        if (have) await client.update(`tags/${name}/`, form);
        else await client.post('tags/', form);
      },
    },
  ];
}
