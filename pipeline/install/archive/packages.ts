import type { TakenPackage } from '../../image/origin.ts';
import { atTheArchive, type Mirrors } from './mirrors.ts';

/**
 * The packages that apt took, as in packages.tsv: name, version, architecture, sha256 and address, parted by tabs.
 * @param mirrors whose addresses are named as the archives'
 * @throws Error for a line that is not of this form
 */
export function parsePackages(text: string, mirrors: Mirrors): TakenPackage[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name, version, architecture, sha256, url, ...rest] = line.split('\t');
      if (!name || !version || !architecture || !/^[0-9a-f]{64}$/.test(sha256 ?? '') || !url || rest.length)
        throw new Error(`packages.tsv has an unexpected line: ${line.slice(0, 200)}`);
      return { name, version, architecture, sha256: sha256 as string, source: atTheArchive(url, mirrors) };
    });
}
