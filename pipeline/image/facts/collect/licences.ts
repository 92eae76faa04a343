import { compareText } from '../../../core/text/order.ts';
import { parseDep5 } from '../../parsers/dep5.ts';
import type { Collector } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';

const COPYRIGHT = /^usr\/share\/doc\/([^/]+)\/copyright$/;
const ALIAS = /^usr\/share\/doc\/([^/]+)(?:\/copyright)?$/;

/** The longest copyright files (kernel, browsers) are smaller than this; a longer one is skipped. */
const LARGEST = 512 << 10;
/** An Ubuntu server has 2,000 files with 200 KB of names in all; these bound what a hostile image can make of it. */
const MOST_FILES = 20_000;
const MOST_TEXT = 4 << 20;

/** The licences that packages declare in /usr/share/doc/PACKAGE/copyright. */
export function licencesCollector(): Collector<Pick<ImageFacts, 'licences'>> {
  const declared = new Map<string, string[]>();
  const hardLinks = new Map<string, string>();
  let freeText = 0;
  let text = 0;
  const declare = (name: string, licences: string[]) => {
    text += licences.reduce((sum, licence) => sum + licence.length, name.length);
    if (declared.size < MOST_FILES && text <= MOST_TEXT) declared.set(name, licences);
  };
  return {
    optional: true,
    wants: (path) => (path.startsWith('usr/share/doc/') && COPYRIGHT.test(path) ? LARGEST : 0),
    content(path, bytes) {
      const licences = parseDep5(bytes.toString());
      if (licences === null) freeText += 1;
      else if (licences.length > 0) declare(COPYRIGHT.exec(path)![1]!, licences.map(copied));
    },
    member({ path, type, link }) {
      if (type === 'hard-link' && hardLinks.size < MOST_FILES && COPYRIGHT.test(path))
        hardLinks.set(path, link!);
    },
    finish(tree) {
      // Packages of one source often share a folder of documentation by a link.
      const alias = (path: string, real: string | null) => {
        const licences = declared.get(COPYRIGHT.exec(real ?? '')?.[1] ?? '');
        const name = ALIAS.exec(path)![1]!;
        if (licences && !declared.has(name)) declare(name, licences);
      };
      for (const [path, target] of hardLinks) alias(path, target);
      for (const path of tree.symlinks.keys()) {
        const name = path.startsWith('usr/share/doc/') && ALIAS.exec(path)?.[1];
        if (name) alias(path, tree.resolve(`usr/share/doc/${name}/copyright`));
      }
      const packages = [...declared].sort(([a], [b]) => compareText(a, b));
      return { licences: { packages: Object.fromEntries(packages), freeText } };
    },
  };
}

/** A part of a string holds on to the whole of it: without the copy every copyright file would stay in memory. */
function copied(part: string): string {
  return Buffer.from(part).toString();
}
