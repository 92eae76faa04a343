import type { ImageDiff } from './compare.ts';

/** "No difference", as far as was compared. */
export function verdict({ a, b }: ImageDiff): string {
  if (a.sha256 === undefined || b.sha256 === undefined) return 'No differences found';
  return a.sha256 === b.sha256
    ? 'The same artifact: the digests are equal'
    : 'No differences found; the digests differ';
}

/** The members that were not read, and the files that describe them; null: everything was read. */
export function notRead({ a, b }: ImageDiff): string | null {
  const files = [...new Set([a.trusted, b.trusted])].filter((file) => file !== undefined);
  return files.length === 0
    ? null
    : `Only the members that differ were read; the rest is the same bytes in both, and is as ${files.join(' and ')} state it (--full reads everything)`;
}

/** "Not compared: sizes, users (not known of demo.manifest.json)", one line a reason. */
export function notCompared({ notCompared }: ImageDiff): string[] {
  const reasons = new Set(notCompared.map(({ why }) => why));
  return [...reasons].map((why) => {
    const parts = notCompared.filter((entry) => entry.why === why).map(({ part }) => part);
    return `Not compared: ${parts.join(', ')} (${why})`;
  });
}
