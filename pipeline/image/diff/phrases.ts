import type { ImageDiff } from './compare.ts';

/** "No difference", as far as was compared. */
export function verdict({ a, b }: ImageDiff): string {
  if (a.sha256 === undefined || b.sha256 === undefined) return 'No differences found';
  return a.sha256 === b.sha256
    ? 'The same artifact: the digests are equal'
    : 'No differences found; the digests differ';
}

/** "Not compared: sizes, users (not known of demo.manifest.json)", one line a reason. */
export function notCompared({ notCompared }: ImageDiff): string[] {
  const reasons = new Set(notCompared.map(({ why }) => why));
  return [...reasons].map((why) => {
    const parts = notCompared.filter((entry) => entry.why === why).map(({ part }) => part);
    return `Not compared: ${parts.join(', ')} (${why})`;
  });
}
