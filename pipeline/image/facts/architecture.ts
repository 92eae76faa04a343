import { installed } from '../parsers/dpkg-status.ts';
import type { ImageFacts } from './facts.ts';

/** Packages of the system itself, which are never foreign in a root that works. */
const NATIVE = ['dpkg', 'base-files', 'libc-bin', 'coreutils'];

/** The architecture that dpkg works for in the image; null where none of its own packages is there. */
export function dpkgArchitecture(facts: Pick<ImageFacts, 'packages'>): string | null {
  for (const name of NATIVE) {
    const own = facts.packages.filter((p) => p.name === name && installed(p) && p.arch && p.arch !== 'all');
    if (own.length > 0) return own[0]!.arch;
  }
  return null;
}

/**
 * The image's architecture as dpkg spells it, which is MAAS' spelling too: by dpkg, else by its programs; null where neither says it.
 * Comparing the two is left to a check.
 */
export function imageArchitecture(facts: Pick<ImageFacts, 'packages' | 'programs'>): string | null {
  return dpkgArchitecture(facts) ?? facts.programs?.architecture ?? null;
}

/** Whether a dpkg architecture and a program's are one machine: an ELF header does not distinguish armel from armhf. */
export function sameMachine(dpkg: string, program: string): boolean {
  return dpkg === program || (dpkg === 'armel' && program === 'armhf');
}
