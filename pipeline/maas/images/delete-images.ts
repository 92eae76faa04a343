import { Fault } from '../../core/faults/fault.ts';
import type { LedgerEntry } from '../../workspace/ledger/ledger.ts';
import type { ListedImage } from './list-images.ts';
import { entryOf, guard, retentionContext } from './retention.ts';

/**
 * Refuses to delete by name what `prune` would never delete: a channel, what a channel shows or would go back to, what a machine has, what
 * may be on its way, and, unless it is forced, what was not uploaded from here.
 * @param target URL of the MAAS
 * @throws Fault MAAS_REFUSED with the reason of every image that must stay
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
      ? [{ image, why: 'not uploaded from here', hint: '--force deletes what others have uploaded.' }]
      : [];
  });
  const [first] = held;
  if (!first) return;
  throw new Fault(
    'MAAS_REFUSED',
    `Nothing was deleted: ${first.image.name} (${first.image.id}) must stay: ${first.why}`,
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
  [
    /^a channel$/,
    'Machines are deployed by it. What it keeps of earlier promotions goes by `dgxos-maas prune --channels`.',
  ],
  [/shows it/, 'Promote another image to the channel twice first: it keeps what it would go back to.'],
  [/^deployed on/, 'Release or redeploy the machines first.'],
  [/^on its way$/, 'Let the upload end, or delete it a day after it was begun.'],
];
