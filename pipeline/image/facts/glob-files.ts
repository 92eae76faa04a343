import { globMatches, isPattern } from '../parsers/glob.ts';
import type { KeptFiles } from './kept-files.ts';
import type { Tree } from './tree.ts';

const MOST = 2000;

/** The limit for comparisons of names with patterns: patterns and names are the image's. */
export interface GlobBudget {
  left: number;
}

/** Far more than any configuration needs, and done within a second. */
export const globBudget = (): GlobBudget => ({ left: 100_000_000 });

/**
 * Paths of kept files that a pattern of glob(3) names, links followed, in byte order; null when the budget does not suffice.
 * Patterns and paths have no leading slash.
 */
export function globFiles(
  pattern: string,
  tree: Tree,
  files: KeptFiles,
  budget: GlobBudget,
): string[] | null {
  const parts = pattern.split('/').filter((part) => part !== '');
  let found = [''];
  for (const [i, part] of parts.slice(0, 64).entries()) {
    const next: string[] = [];
    for (const folder of found) {
      const names = isPattern(part)
        ? new Set([...files.list(folder), ...(i < parts.length - 1 ? files.folders(folder) : [])])
        : [part];
      for (const name of names) {
        budget.left -= part.length * name.length;
        if (budget.left < 0) return null;
        if ((!isPattern(part) || globMatches(part, name)) && next.length < MOST)
          next.push(folder === '' ? name : `${folder}/${name}`);
      }
    }
    found = next;
  }
  return found.filter((path) => tree.exists(path)).sort();
}
