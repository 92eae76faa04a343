import type { SandboxContext } from '../context.ts';
import { json, type Reply, refuse, removed, text } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { fieldsOf, REQUIRED } from '../site/fields.ts';
import { setting } from './place.ts';
import { showMachine } from './show.ts';
import type { Machine, Tag } from './state.ts';
import { visible } from './visible.ts';

export const tagRoutes: Route[] = [
  {
    path: 'tags/',
    operations: {
      GET: { kind: 'tags', run: ({ world }) => json(200, tagsOf(world).map(showTag)) },
      POST: { kind: 'tag-create', admin: true, run: create },
    },
  },
  {
    path: 'tags/{name}/',
    operations: {
      GET: { kind: 'tag-read', for: 'maas command', run: (call) => json(200, showTag(tagAt(call))) },
      PUT: { kind: 'tag-update', admin: true, run: update },
      DELETE: { kind: 'tag-delete', admin: true, run: remove },
      'GET machines': { kind: 'tag-machines', for: 'maas command', run: machines },
      'POST update_nodes': { kind: 'tag-update-nodes', admin: true, run: updateNodes },
    },
  },
];

const tagsOf = (world: SandboxContext) => world.store.state.machines.tags;

function tagAt({ world, at }: Call): Tag {
  return tagsOf(world).find((tag) => tag.name === at.name) ?? refuse(404, 'No Tag matches the given query.');
}

function showTag(tag: Tag) {
  return {
    name: tag.name,
    definition: tag.definition,
    comment: tag.comment,
    kernel_opts: tag.kernelOpts,
    resource_uri: `${API}tags/${tag.name}/`,
  };
}

async function create(call: Call): Promise<Reply> {
  const tag: Tag = { name: '', definition: '', comment: '', kernelOpts: '' };
  await fill(call, tag);
  tagsOf(call.world).push(tag);
  call.world.store.machinesChanged();
  return json(200, showTag(tag));
}

async function update(call: Call): Promise<Reply> {
  const tag = tagAt(call);
  const before = tag.name;
  await fill(call, tag);
  for (const machine of call.world.store.state.machines.machines)
    machine.tags = machine.tags.map((name) => (name === before ? tag.name : name));
  call.world.store.machinesChanged();
  return json(200, showTag(tag));
}

async function fill(call: Call, tag: Tag): Promise<void> {
  const fields = await fieldsOf(call);
  const name = fields.text('name') ?? tag.name;
  if (name === '') fields.wrong('name', REQUIRED);
  else if (!/^[a-zA-Z0-9_-]+$/.test(name)) fields.wrong('name', 'Enter a valid value.');
  else if (tagsOf(call.world).some((other) => other !== tag && other.name === name))
    fields.wrong('name', 'Tag with this Name already exists.');
  const definition = fields.text('definition') ?? tag.definition;
  if (!balanced(definition)) fields.wrong('definition', 'Invalid xpath expression: Invalid expression');
  fields.check();
  tag.name = name;
  tag.definition = definition;
  tag.comment = fields.text('comment') ?? tag.comment;
  tag.kernelOpts = fields.text('kernel_opts') ?? tag.kernelOpts;
}

/** The sandbox does not evaluate XPath; what cannot be any is refused, as MAAS does. */
function balanced(expression: string): boolean {
  const bare = expression.replaceAll(/"[^"]*"|'[^']*'/g, '');
  const depth = [...bare].reduce(
    (level, char) => level + Number('(['.includes(char)) - Number(')]'.includes(char)),
    0,
  );
  return depth === 0 && !/["']/.test(bare) && !/\[\s*\]|\/\/\/|\/$/.test(bare);
}

function remove(call: Call): Reply {
  const { machines } = call.world.store.state;
  const tag = tagAt(call);
  machines.tags = machines.tags.filter((other) => other !== tag);
  for (const machine of machines.machines) machine.tags = machine.tags.filter((name) => name !== tag.name);
  call.world.store.machinesChanged();
  return removed();
}

function machines(call: Call): Reply {
  const { name } = tagAt(call);
  const tagged = visible(call).filter((machine) => machine.tags.includes(name));
  return json(
    200,
    tagged.map((machine) => showMachine(call.world, machine)),
  );
}

/** Many machines at once; ids that nobody knows are left out without a word. */
async function updateNodes(call: Call): Promise<Reply> {
  const tag = tagAt(call);
  const fields = await fieldsOf(call);
  const definition = fields.text('definition');
  if (definition !== undefined && definition !== tag.definition)
    return text(
      409,
      `Definition supplied '${definition}' doesn't match current definition '${tag.definition}'`,
    );
  const all = new Map(call.world.store.state.machines.machines.map((machine) => [machine.systemId, machine]));
  const named = (field: string) =>
    [...new Set(fields.list(field) ?? [])]
      .map((id) => all.get(id))
      .filter((machine) => machine !== undefined);
  const [added, removed] = [named('add'), named('remove')];
  for (const machine of added) if (!machine.tags.includes(tag.name)) machine.tags.push(tag.name);
  for (const machine of removed) machine.tags = machine.tags.filter((name) => name !== tag.name);
  call.world.store.machinesChanged();
  return json(200, { added: added.length, removed: removed.length });
}

/** The kernel options of a machine: MAAS' global options, then those of its tags in the order of their names. */
export function kernelOptions(world: SandboxContext, machine: Machine): string {
  const ofTags = tagsOf(world)
    .filter((tag) => machine.tags.includes(tag.name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((tag) => tag.kernelOpts);
  return [setting(world, 'kernel_opts', ''), ...ofTags].filter((options) => options !== '').join(' ');
}
