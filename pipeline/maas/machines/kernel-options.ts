import { createHash } from 'node:crypto';
import type { MaasClient } from '../api/client.ts';
import { applyTags, createTag, listTags } from './tags.ts';
import type { Machine } from './types.ts';

const PREFIX = 'kernel-options-';

/**
 * Sets kernel options of machines. MAAS takes none with a deployment: only for all machines, or by a tag. So each set of
 * options is a tag of its own, and a machine has one such tag at most. "" takes the options away.
 */
export async function setKernelOptions(
  client: MaasClient,
  machines: readonly Machine[],
  options: string,
): Promise<void> {
  const wanted = options.trim().replace(/\s+/g, ' ');
  const tag = wanted && kernelOptionsTag(wanted);
  const old = new Set(
    machines.flatMap(({ tags }) => tags).filter((name) => name.startsWith(PREFIX) && name !== tag),
  );
  if (tag && !(await listTags(client)).some(({ name }) => name === tag))
    await createTag(client, tag, { comment: 'Set by dgxos-maas', kernelOptions: wanted });
  await applyTags(client, [
    ...[...old].map((name) => ({ tag: name, way: 'remove' as const, machines: [...machines] })),
    ...(tag ? [{ tag, way: 'add' as const, machines: [...machines] }] : []),
  ]);
}

/** The same options have the same tag, whoever sets them. */
export function kernelOptionsTag(options: string): string {
  return `${PREFIX}${createHash('sha256').update(options).digest('hex').slice(0, 8)}`;
}
