import { PREDICATE_TYPE, type Resource, STATEMENT_TYPE } from './provenance.ts';

/** What verification needs of a provenance statement. */
export interface ReadStatement {
  /** SHA-256 of every subject. */
  subjects: string[];
  /** SHA-256 of what was made beside the artifact, by file name. */
  byproducts: Map<string, string>;
  /** Empty where the statement does not say. */
  builder: string;
  /** SHA-256 of the installation medium. */
  iso: string | undefined;
}

/** The parts of an in-toto statement with SLSA v1 provenance, or null for anything else. */
export function readStatement(text: string): ReadStatement | null {
  try {
    const { _type, subject, predicateType, predicate } = JSON.parse(text);
    if (_type !== STATEMENT_TYPE || predicateType !== PREDICATE_TYPE) return null;
    const { buildDefinition, runDetails } = predicate;
    const sums = (resources: Resource[] | undefined) =>
      (resources ?? []).flatMap(({ name, digest }) =>
        typeof digest?.sha256 === 'string' ? [{ name: String(name), sha256: digest.sha256 }] : [],
      );
    const version = runDetails.builder.version?.['dgxos-maas'];
    return {
      subjects: sums(subject).map(({ sha256 }) => sha256),
      byproducts: new Map(sums(runDetails.byproducts).map(({ name, sha256 }) => [name, sha256])),
      builder: typeof version === 'string' ? `dgxos-maas ${version}` : String(runDetails.builder.id),
      iso: sums(buildDefinition.resolvedDependencies).find(({ name }) => name === 'iso')?.sha256,
    };
  } catch {
    // Not JSON, or of another form.
    return null;
  }
}
