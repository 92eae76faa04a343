import { loadConfig } from '../config/load.ts';
import { Fault } from '../core/faults/fault.ts';
import { bytes } from '../core/text/human.ts';
import { type CachedMember, listMembers, removeMembers } from '../image/pack/member-cache.ts';
import { type Layer, listLayers, removeLayer, unfinished } from '../install/namespace/layer-store.ts';
import { keptByRehearsals, removeKept } from '../maas/rehearse/kept.ts';
import type { Session } from './session.ts';

/**
 * Deletes all layers of the cache, what killed builds left of some, the compressed members, and what rehearsals keep; what is being written
 * or used is kept.
 * @throws Fault USAGE for an image: layers belong to no image; CONFIG_INVALID, NO_PERMISSION
 */
export async function pruneCache(
  session: Session,
  image: string | undefined,
  dryRun: boolean,
): Promise<void> {
  if (image !== undefined)
    throw new Fault('USAGE', `prune --cache deletes the layers of all images, not of ${image} alone`, {
      hint: 'Leave the name of the image out.',
    });
  const { config } = await loadConfig({ file: session.configFile, env: session.env, cwd: process.cwd() });
  const layers = await listLayers(config.cache);
  const leftOver = (await unfinished(config.cache)).filter((one) => one.leftOver);
  const members = await listMembers(config.cache);
  const rehearsals = await keptByRehearsals(config.cache);
  if (!dryRun) {
    for (const { folder } of [...layers, ...leftOver]) await removeLayer(folder);
    await removeMembers(config.cache);
    await removeKept(rehearsals);
  }
  session.data(
    {
      ok: true,
      dryRun,
      layers: layers.map(({ key, bytes: size, usedAt }) => ({
        key,
        bytes: size,
        usedAt: new Date(usedAt).toISOString(),
      })),
      unfinished: leftOver.length,
      members: { count: members.length, bytes: sizeOf(members) },
      rehearsals,
    },
    () => table(layers, leftOver.length, members, rehearsals, dryRun),
  );
}

const sizeOf = (members: readonly CachedMember[]) => members.reduce((sum, one) => sum + one.bytes, 0);

function table(
  layers: readonly Layer[],
  leftOver: number,
  members: readonly CachedMember[],
  rehearsals: readonly string[],
  dryRun: boolean,
): string {
  const lines = layers.map(
    ({ key, bytes: size, usedAt }) =>
      `${key.slice(0, 12)}  ${bytes(size)}, last used ${new Date(usedAt).toISOString().slice(0, 16)}Z`,
  );
  if (leftOver > 0) lines.push(`unfinished layers of builds that were killed: ${leftOver}`);
  if (members.length > 0)
    lines.push(`compressed members of images: ${members.length} of ${bytes(sizeOf(members))}`);
  lines.push(...rehearsals.map((folder) => `of rehearsals: ${folder}`));
  if (lines.length === 0) return 'No layers, no members, nothing of rehearsals.';
  return [...lines, dryRun ? 'Nothing was deleted (--dry-run).' : 'Deleted.'].join('\n');
}
