import { bytes, duration } from '../../core/text/human.ts';
import { signedBytes } from '../../image/diff/sections.ts';
import type { FailedCheck, ImageChanges, ImageNight, Night } from '../types.ts';

/** "2 built, 1 updated, 1 unchanged, 1 failed". */
export function counts({ images, pruned }: Pick<Night, 'images' | 'pruned'>): string {
  const of = (status: ImageNight['status']) => images.filter((image) => image.status === status).length;
  const parts = (['built', 'updated', 'unchanged', 'failed'] as const)
    .filter((status) => of(status) > 0)
    .map((status) => `${of(status)} ${status}`);
  const unpruned = pruned.filter(({ failure }) => failure).length;
  if (unpruned > 0) parts.push(`pruning failed on ${unpruned} MAAS`);
  return parts.join(', ');
}

export const WORDS = { new: 'Something new', unchanged: 'Nothing new', broken: 'Broken' } as const;

/** "build failed: the installer …", or the reason for building or not. */
export function why({ failure, reason }: ImageNight): string {
  return failure ? `${failure.step ?? 'before the first stage'} failed: ${failure.message}` : reason;
}

/** "312 MB (+1.2 MB)". */
export function sizePhrase({ artifact, changes }: ImageNight): string {
  if (!artifact) return '';
  const delta = changes ? changes.size.after - changes.size.before : 0;
  return delta === 0 ? bytes(artifact.size) : `${bytes(artifact.size)} (${signedBytes(delta)})`;
}

/** "2 checks fail, 1 of them new; 1 fixed". */
export function checksPhrase({ artifact, changes }: ImageNight): string {
  if (!artifact?.failing) return '';
  const failing = artifact.failing.length;
  const fresh = changes?.newlyFailing.length ?? 0;
  const fixed = changes?.fixed.length ?? 0;
  return [
    failing === 0
      ? 'none fails'
      : `${failing} ${failing === 1 ? 'fails' : 'fail'}${fresh > 0 ? `, ${fresh} new` : ''}`,
    ...(fixed > 0 ? [`${fixed} fixed`] : []),
  ].join('; ');
}

/** The changes, one phrase a part: "Packages: 3 added, 12 upgraded". */
export function changePhrases(changes: ImageChanges | null): string[] {
  if (!changes) return [];
  if (changes.sameContent) return ['the same data as the last night'];
  return changes.sections.map(({ title, summary }) => `${title}: ${summary}`);
}

/** The problem, as a row begins with it. */
export function wrongPhrase({ headline, found }: FailedCheck): string {
  return headline ?? found;
}

/** "accepted on node3 of lab", "failed on node3 of lab: a systemd unit has failed". */
export function acceptancePhrases({ acceptances }: ImageNight): string[] {
  return acceptances.map(({ target, machine, accepted, failing }) => {
    const wrong = failing.map(wrongPhrase).join('; ');
    return `${accepted ? 'accepted' : 'failed'} on ${machine} of ${target}${wrong ? `: ${wrong}` : ''}`;
  });
}

/** "12 min 05 s", or nothing for what took no time. */
export function took({ status, seconds }: ImageNight): string {
  return status === 'unchanged' ? '' : duration(seconds);
}
