import { DEB, PREDICATE_TYPE, STATEMENT_TYPE } from '../../../pipeline/image/attest/provenance.ts';
import type { LockedPackage } from '../../../pipeline/install/archive/lock.ts';

/** The provenance of an image from archives, as far as a lock reads it. */
export function lockedStatement(root: string, packages: readonly LockedPackage[]): string {
  const resolvedDependencies = [
    { name: 'root', digest: { sha256: root } },
    ...packages.map(({ name, version, architecture, sha256 }) => ({
      ...{ name: `${DEB}${name}`, digest: { sha256 } },
      annotations: { package: name, version, architecture },
    })),
  ];
  return JSON.stringify({
    ...{ _type: STATEMENT_TYPE, predicateType: PREDICATE_TYPE },
    predicate: { buildDefinition: { resolvedDependencies } },
  });
}
