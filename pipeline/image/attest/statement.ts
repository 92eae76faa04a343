import { PREDICATE_TYPE, type Resource, STATEMENT_TYPE } from './provenance.ts';
import { parseStrictJson } from './strict-json.ts';

/** A name with its SHA-256, in small letters. */
export interface NamedDigest {
  name: string;
  sha256: string;
}

/** The part of a provenance statement that verification needs. */
export interface ParsedStatement {
  subjects: NamedDigest[];
  /** SHA-256 of what was made beside the artifact, by file name. */
  byproducts: Map<string, string>;
  /** Empty where the statement does not say. */
  builder: string;
  /** SHA-256 of the installation medium. */
  iso: string | undefined;
}

/**
 * The parts of an in-toto statement with SLSA v1 provenance, or null for anything else: also for a text that two readers could
 * understand in two ways.
 */
export function readStatement(bytes: Buffer): ParsedStatement | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // biome-ignore lint/suspicious/noExplicitAny: whatever form it has, what does not fit throws below
    const { _type, subject, predicateType, predicate } = parseStrictJson(text) as any;
    if (_type !== STATEMENT_TYPE || predicateType !== PREDICATE_TYPE) return null;
    const { buildDefinition, runDetails } = predicate;
    const version = runDetails.builder.version?.['dgxos-maas'];
    const subjects = digestsOf(subject);
    byName(subjects);
    return {
      subjects,
      byproducts: byName(digestsOf(runDetails.byproducts)),
      builder: typeof version === 'string' ? `dgxos-maas ${version}` : String(runDetails.builder.id),
      iso: digestsOf(buildDefinition.resolvedDependencies).find(({ name }) => name === 'iso')?.sha256,
    };
  } catch {
    // Not JSON, or of another form.
    return null;
  }
}

/** The resources that have a SHA-256. */
export function digestsOf(resources: Resource[] | undefined): NamedDigest[] {
  return (resources ?? []).flatMap(({ name, digest }) => {
    const sha256 = sha256Of(digest?.sha256);
    return sha256 === undefined ? [] : [{ name: String(name), sha256 }];
  });
}

/** @throws when one name stands for two contents */
function byName(list: readonly NamedDigest[]): Map<string, string> {
  const known = new Map<string, string>();
  for (const { name, sha256 } of list) {
    if ((known.get(name) ?? sha256) !== sha256) throw new Error(`${name} occurs with two digests`);
    known.set(name, sha256);
  }
  return known;
}

/** A SHA-256 in small letters; undefined for anything else. */
export function sha256Of(value: unknown): string | undefined {
  return typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value) ? value.toLowerCase() : undefined;
}
