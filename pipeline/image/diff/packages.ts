import { compareText } from '../../core/text/order.ts';
import type { Package } from '../facts/facts.ts';
import { compareDebianVersions } from '../parsers/debian-version.ts';
import { type Changes, compareByKey } from './keyed.ts';

export interface PackageChange {
  name: string;
  before: Pick<Package, 'version' | 'arch' | 'status'>;
  after: Pick<Package, 'version' | 'arch' | 'status'>;
  /** By Debian's order of versions; `state`: the same version, in another state or of another architecture. */
  direction: 'upgrade' | 'downgrade' | 'state';
}

export interface PackageChanges {
  added: Package[];
  removed: Package[];
  changed: PackageChange[];
}

/** Packages whose files are there. One that was removed leaves its configuration and a stanza ("rc"): it is gone. */
export function comparePackages(before: readonly Package[], after: readonly Package[]): PackageChanges {
  const old = before.filter(present);
  const now = after.filter(present);
  // Of a package that is there once on either side, another architecture is a change; of several, each stands for itself.
  const several = new Set([...namedTwice(old), ...namedTwice(now)]);
  const changes: Changes<Package> = compareByKey(
    old,
    now,
    (p) => (several.has(p.name) ? `${p.name}:${p.arch}` : p.name),
    (a, b) => a.version === b.version && a.arch === b.arch && a.status === b.status,
  );
  return {
    added: changes.added.sort(byName),
    removed: changes.removed.sort(byName),
    changed: changes.changed
      .map(({ before, after }) => ({
        name: after.name,
        before: shape(before),
        after: shape(after),
        direction: direction(before.version, after.version),
      }))
      .sort(byName),
  };
}

const present = (p: Package) => !/^.[nc]/.test(p.status);
const shape = ({ version, arch, status }: Package) => ({ version, arch, status });
const byName = (a: { name: string }, b: { name: string }) => compareText(a.name, b.name);

function namedTwice(packages: readonly Package[]): string[] {
  const names = packages.map(({ name }) => name).sort();
  return names.filter((name, i) => name === names[i - 1]);
}

function direction(before: string, after: string): PackageChange['direction'] {
  const order = compareDebianVersions(before, after);
  return (['upgrade', 'state', 'downgrade'] as const)[Math.sign(order) + 1]!;
}
