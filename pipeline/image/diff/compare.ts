import type { Account, ImageFacts } from '../facts/facts.ts';
import type { Compared, Description } from './description.ts';
import { compareKernels, type KernelChanges } from './kernels.ts';
import { type Changes, compareByKey, size } from './keyed.ts';
import { comparePackages, type PackageChanges } from './packages.ts';
import { compareSizes, type Listed, type SizeChange } from './sizes.ts';

type Setuid = ImageFacts['owners']['setuid'][number];
type Capability = ImageFacts['xattrs']['capabilities'][number];
type Side = Omit<Description, 'facts'>;

/** The differences of two images. A part is null when one of the two has no record of it: see `notCompared`. */
export interface ImageDiff {
  format: 1;
  a: Side;
  b: Side;
  /** Whether anything below differs. Two builds with the same files differ in their digests only, which does not count. */
  different: boolean;
  notCompared: { part: string; why: string }[];
  packages: PackageChanges | null;
  kernels: KernelChanges | null;
  /** Bytes of the files and how many; null on both sides where equal or not known. */
  total: { bytes: { before: number; after: number }; files: { before: number; after: number } } | null;
  files: SizeChange[] | null;
  directories: SizeChange[] | null;
  setuid: Changes<Setuid> | null;
  capabilities: Changes<Capability> | null;
  services: Changes<string> | null;
  accounts: Changes<Account> | null;
}

/** Compares two images by what is known of them. */
export function compareImages(a: Description, b: Description): ImageDiff {
  const notCompared: ImageDiff['notCompared'] = [];
  /** Compares one part where both sides have it, and notes it where they have not. */
  const part = <K extends keyof Compared, T>(
    name: string,
    keys: readonly K[],
    compare: (before: Pick<Compared, K>, after: Pick<Compared, K>) => T,
  ): T | null => {
    const unknown = [a, b].filter((side) => keys.some((key) => side.facts[key] === undefined));
    if (unknown.length === 0) return compare(a.facts as Pick<Compared, K>, b.facts as Pick<Compared, K>);
    notCompared.push({ part: name, why: `not known of ${unknown.map((side) => side.name).join(' and ')}` });
    return null;
  };

  const packages = part('packages', ['packages'], (x, y) => comparePackages(x.packages, y.packages));
  const kernels = part('kernels', ['kernels'], (x, y) =>
    compareKernels(
      { kernels: x.kernels, started: a.facts.boot?.defaultKernel },
      { kernels: y.kernels, started: b.facts.boot?.defaultKernel },
    ),
  );
  const total = part('sizes', ['bytes', 'counts'], (x, y) => ({
    bytes: { before: x.bytes.stored, after: y.bytes.stored },
    files: { before: x.counts.files, after: y.counts.files },
  }));
  const files = part('files', ['biggest', 'counts'], (x, y) => compareSizes(listedFiles(x), listedFiles(y)));
  const directories = part('directories', ['directories', 'counts'], (x, y) =>
    compareSizes(listedDirectories(x), listedDirectories(y)),
  );
  const setuid = part('setuid files', ['owners'], (x, y) =>
    compareByKey(x.owners.setuid, y.owners.setuid, (f) => f.path, same(['mode', 'uid', 'gid'])),
  );
  const capabilities = part('capabilities', ['xattrs'], (x, y) =>
    compareByKey(x.xattrs.capabilities, y.xattrs.capabilities, (f) => f.path, same(['capabilities'])),
  );
  const services = part('services', ['services'], (x, y) => compareByKey(x.services, y.services, String));
  const accounts = part('users', ['accounts'], (x, y) =>
    compareByKey(x.accounts, y.accounts, (user) => user.name, same(['uid', 'shell', 'password', 'scheme'])),
  );

  const grew = total !== null && (differs(total.bytes) || differs(total.files));
  const lists = [packages, kernels, setuid, capabilities, services, accounts];
  return {
    format: 1,
    a: side(a),
    b: side(b),
    different:
      grew ||
      lists.some((changes) => size(changes) > 0) ||
      kernels?.started != null ||
      [files, directories].some((changes) => changes !== null && changes.length > 0),
    notCompared,
    packages,
    kernels,
    total,
    files,
    directories,
    setuid,
    capabilities,
    services,
    accounts,
  };
}

const differs = ({ before, after }: { before: number; after: number }) => before !== after;

function same<T>(fields: readonly (keyof T)[]): (before: T, after: T) => boolean {
  return (before, after) => fields.every((field) => before[field] === after[field]);
}

function side({ facts: _, ...rest }: Description): Side {
  return rest;
}

function listedFiles({ biggest, counts }: Pick<Compared, 'biggest' | 'counts'>): Listed {
  return { entries: biggest, whole: biggest.length >= counts.files };
}

function listedDirectories({ directories, counts }: Pick<Compared, 'directories' | 'counts'>): Listed {
  return {
    entries: directories,
    whole: directories.reduce((sum, directory) => sum + directory.files, 0) >= counts.files,
  };
}
