import { Fault } from '../../core/faults/fault.ts';
import type { MaasClient } from '../api/client.ts';
import type { Machine } from './types.ts';

/** Machines of one request; a form of this many ids has some kilobytes. */
const AT_ONCE = 500;

export interface Tag {
  name: string;
  comment: string;
  kernelOptions: string;
  /** An XPath expression; MAAS itself keeps the machines of such a tag. */
  definition: string;
}

/** All tags. One request. */
export async function listTags(client: MaasClient): Promise<Tag[]> {
  const list = await client.get('tags/');
  if (!Array.isArray(list)) throw client.notMaas('tags/', 'there is no list of tags in it');
  return (list as Record<string, unknown>[]).map((raw) => ({
    name: String(raw.name),
    comment: String(raw.comment ?? ''),
    kernelOptions: String(raw.kernel_opts ?? ''),
    definition: String(raw.definition ?? ''),
  }));
}

/** @throws Fault USAGE for what MAAS does not take as the name of a tag */
export function checkTagName(name: string): string {
  if (/^[A-Za-z0-9_-]{1,256}$/.test(name)) return name;
  throw new Fault('USAGE', `"${name}" is not a name for a tag`, {
    hint: 'MAAS accepts letters, digits, dashes and underscores.',
  });
}

/** Makes a tag; one that somebody else has made meanwhile is as good. */
export async function createTag(
  client: MaasClient,
  name: string,
  more: { comment?: string; kernelOptions?: string } = {},
): Promise<void> {
  try {
    await client.post('tags/', {
      name,
      ...(more.comment ? { comment: more.comment } : {}),
      ...(more.kernelOptions ? { kernel_opts: more.kernelOptions } : {}),
    });
  } catch (error) {
    if (!(error instanceof Fault) || !(await listTags(client)).some((tag) => tag.name === name)) throw error;
  }
}

/** Tags or untags machines, many by one request. The same twice is the same. */
async function updateTag(
  client: MaasClient,
  name: string,
  way: 'add' | 'remove',
  machines: readonly Pick<Machine, 'systemId'>[],
): Promise<void> {
  const ids = machines.map(({ systemId }) => systemId);
  for (let at = 0; at < ids.length; at += AT_ONCE)
    await client.post(`tags/${name}/?op=update_nodes`, { [way]: ids.slice(at, at + AT_ONCE) });
}

/** The effect of a change of tags, one line for each tag and direction. */
export interface TagChange {
  tag: string;
  way: 'add' | 'remove';
  machines: Machine[];
}

/** Leaves out what is so already, and what has nobody. */
export function neededChanges(changes: readonly TagChange[]): TagChange[] {
  return changes
    .map(({ tag, way, machines }) => ({
      tag,
      way,
      machines: machines.filter((machine) => machine.tags.includes(tag) !== (way === 'add')),
    }))
    .filter(({ machines }) => machines.length > 0);
}

/**
 * Makes the tags that are missing and applies the changes: one request for each tag and 500 machines.
 * @throws Fault MAAS_REFUSED for a tag with a definition: MAAS keeps its machines itself
 */
export async function applyTags(client: MaasClient, changes: readonly TagChange[]): Promise<void> {
  const needed = neededChanges(changes);
  if (needed.length === 0) return;
  const known = await listTags(client);
  for (const { tag } of needed)
    if (known.find(({ name }) => name === tag)?.definition)
      throw new Fault('MAAS_REFUSED', `MAAS sets the tag ${tag} itself: it has a definition`, {
        hint: 'Choose a tag without one, or change the definition (dgxos-maas site).',
      });
  const missing = new Set(
    needed
      .filter(({ tag, way }) => way === 'add' && !known.some(({ name }) => name === tag))
      .map(({ tag }) => tag),
  );
  for (const tag of missing) await createTag(client, tag);
  for (const { tag, way, machines } of needed) await updateTag(client, tag, way, machines);
}
