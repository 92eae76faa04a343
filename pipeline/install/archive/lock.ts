import { readText } from '../../config/yaml/read-text.ts';
import { Fault } from '../../core/faults/fault.ts';
import { IN_TOTO, parseEnvelope, payloadOf } from '../../image/attest/dsse.ts';
import { DEB, PREDICATE_TYPE, type Resource, STATEMENT_TYPE } from '../../image/attest/provenance.ts';
import { sha256Of } from '../../image/attest/statement.ts';
import { parseStrictJson } from '../../image/attest/strict-json.ts';
import type { TakenPackage } from '../../image/origin.ts';

/** A package that is to be installed again, whatever archive has it. */
export type LockedPackage = Omit<TakenPackage, 'source'>;

// As Debian's policy has them; nothing in them is read by a shell, awk or apt as anything else.
const NAME = /^[a-z0-9][a-z0-9+.-]+$/;
const VERSION = /^[0-9][A-Za-z0-9.+:~-]*$/;
const ARCHITECTURE = /^[a-z0-9-]+$/;

/**
 * The packages that a build took, of its provenance.
 * @param file NAME.provenance.json, or NAME.sig.json with the same in it
 * @param root sha256 of the root that is installed on: on another one other packages would be missing
 * @throws Fault LOCK_UNREADABLE for anything else
 */
export async function readLock(file: string, root: string): Promise<LockedPackage[]> {
  return parseLock(await readText(file, 'Name the provenance of a build from archives.'), file, root);
}

/** @param file the name that messages show */
export function parseLock(text: string, file: string, root: string): LockedPackage[] {
  const unreadable = (message: string) =>
    new Fault('LOCK_UNREADABLE', `${file}: ${message}`, {
      hint: 'Name the NAME.provenance.json that a build from archives wrote beside its artifact.',
    });
  const dependencies = dependenciesOf(text);
  if (!dependencies) throw unreadable('this is not the provenance of an image');
  const of = (name: string) => dependencies.find((one) => one?.name === name);
  const taken = dependencies.filter((one) => typeof one?.name === 'string' && one.name.startsWith(DEB));
  if (taken.length === 0)
    throw unreadable('it names no packages, so the image was not installed from archives');
  if (sha256Of(of('root')?.digest?.sha256) !== root)
    throw unreadable('the image was installed on another root than the one in the configuration');
  return taken
    .map(({ name, digest, annotations }) => {
      const { version, architecture } = (annotations ?? {}) as Record<string, unknown>;
      const one = {
        name: String(name).slice(DEB.length),
        version,
        architecture,
        sha256: sha256Of(digest?.sha256),
      };
      if (!isLocked(one))
        throw unreadable(`the package ${JSON.stringify(one.name).slice(0, 100)} is not fully described`);
      return one;
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isLocked(one: { [Member in keyof LockedPackage]: unknown }): one is LockedPackage {
  const { name, version, architecture, sha256 } = one;
  return (
    NAME.test(String(name)) &&
    typeof version === 'string' &&
    VERSION.test(version) &&
    typeof architecture === 'string' &&
    ARCHITECTURE.test(architecture) &&
    sha256 !== undefined
  );
}

/** Of a statement, or of one in an envelope; undefined for anything else. */
function dependenciesOf(text: string): Resource[] | undefined {
  const envelope = parseEnvelope(text);
  if (envelope && envelope.payloadType !== IN_TOTO) return undefined;
  try {
    // biome-ignore lint/suspicious/noExplicitAny: whatever form it has, what does not fit throws or is undefined
    const statement: any = parseStrictJson(envelope ? payloadOf(envelope).toString() : text);
    const { _type, predicateType, predicate } = statement;
    const found = predicate.buildDefinition.resolvedDependencies;
    return _type === STATEMENT_TYPE && predicateType === PREDICATE_TYPE && Array.isArray(found)
      ? found
      : undefined;
  } catch {
    return undefined;
  }
}

/** As packages.tsv has it, without addresses. */
export function lockText(packages: readonly LockedPackage[]): string {
  return packages
    .map(({ name, version, architecture, sha256 }) => `${[name, version, architecture, sha256].join('\t')}\n`)
    .join('');
}
