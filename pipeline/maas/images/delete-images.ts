import { Fault } from '../../core/faults/fault.ts';
import type { LedgerEntry } from '../../workspace/ledger/ledger.ts';
import type { ListedImage } from './list-images.ts';
import { entryOf, guard, retentionContext } from './retention.ts';

/**
 * Refuses to delete by name what `prune` would never delete: a channel, what a channel holds or could go back to, what a machine has, what
 * may be on its way, and, unless it is forced, what was not uploaded from here.
 * @param target URL of the MAAS
 * @throws Fault MAAS_REFUSED with the reason of every image that must be kept
 */
export function checkDeletable(
  images: readonly ListedImage[],
  ledger: readonly LedgerEntry[],
  target: string,
  force: boolean,
): void {
  const ground = retentionContext(ledger, target, new Date());
  const held = images.flatMap((image) => {
    const why = guard(image, ground);
    if (why !== undefined) return [{ image, why, hint: HINTS.find(([says]) => says.test(why))?.[1] }];
    const foreign = !force && !entryOf(image, ground);
    return foreign
      ? [
          {
            image,
            why: 'not uploaded from this host',
            hint: '--force also deletes images that were uploaded from other hosts.',
          },
        ]
      : [];
  });
  const [first] = held;
  if (!first) return;
  throw new Fault(
    'MAAS_REFUSED',
    `Nothing was deleted: ${first.image.name} (${first.image.id}) cannot be deleted: ${first.why}`,
    {
      hint: first.hint,
      detail:
        held
          .slice(1)
          .map(({ image, why }) => `also ${image.name} (${image.id}): ${why}`)
          .join('\n') || undefined,
    },
  );
}

const HINTS: readonly [RegExp, string][] = [
  [/^a channel$/, 'Machines are deployed from it. `dgxos-maas prune --channels` deletes its old sets.'],
  [
    /could be rolled back/,
    'Promote other builds to the channel twice first: it keeps the build that a rollback would restore.',
  ],
  [/^deployed on/, 'Release or redeploy the machines first.'],
  [/^still uploading$/, 'Let the upload finish, or delete it a day after its start.'],
];
