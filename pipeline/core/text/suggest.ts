import { distance } from 'fastest-levenshtein';

/** Spelling apart from case, dashes, underscores and dots: `baseImage` is meant as `base_image`. */
const bare = (word: string) => word.toLowerCase().replace(/[-_. ]/g, '');

/**
 * The candidate that was probably meant, or undefined when none is near: at most two edits, or two fifths of a long
 * word, and never the whole word.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const from = bare(word);
  let best: string | undefined;
  let bestDistance = Math.min(from.length, Math.max(3, Math.floor(from.length * 0.4) + 1));
  for (const candidate of candidates) {
    const edits = distance(from, bare(candidate));
    if (edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}
