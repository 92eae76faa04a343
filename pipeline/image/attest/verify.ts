import type { KeyObject } from 'node:crypto';
import { basename, resolve } from 'node:path';
import type { Emit } from '../../core/events/event.ts';
import { digestOf } from '../read/digest.ts';
import { sidecarNames } from './names.ts';
import { verifyRehearsal } from './rehearsal.ts';
import { readSidecar, type Sidecar } from './sidecar.ts';
import { type SignedSubject, signatureOf } from './signature.ts';
import { type ParsedStatement, readStatement, sha256Of } from './statement.ts';
import { parseStrictJson } from './strict-json.ts';
import type { Finding, Sidecars, Verification } from './verification.ts';
import { verifySums } from './verify-sums.ts';

export interface VerifyOptions {
  publicKey: KeyObject | null;
  /** Without a good signature the verification fails. */
  requireSignature: boolean;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * Compares a file with what stands beside it: its digest with SHA256SUMS, manifest, SBOM and provenance, and the provenance
 * with its signature; and the statement on its rehearsals, where there is one. Reads nothing but these files. Once a statement is signed, it alone says what belongs to the file.
 * @throws Fault IMAGE_UNREADABLE, NO_PERMISSION
 */
export async function verifyFile(path: string, options: VerifyOptions): Promise<Verification> {
  const file = resolve(path);
  const digest = await digestOf(file, options.emit, options.signal);
  const names = sidecarNames(file);
  const records: Sidecars = {
    manifest: await readSidecar(names.manifest),
    sbom: await readSidecar(names.sbom),
    provenance: await readSidecar(names.provenance),
    signature: await readSidecar(names.signature),
    sums: await readSidecar(names.sums),
  };
  const statement = records.provenance && readStatement(records.provenance.bytes);
  const signature = signatureOf(records, { ...options, sha256: digest.sha256, name: basename(file) });
  const rehearsal = await verifyRehearsal(file, { ...options, sha256: digest.sha256 });
  const findings = [
    verifySums(file, digest.sha256, records),
    provenance(records.provenance, statement, digest.sha256),
    ...(['manifest', 'sbom'] as const).map((check) =>
      byproduct(check, names[check], records[check], {
        sha256: digest.sha256,
        statement,
        signed: signature.signed,
      }),
    ),
    signature.finding,
    ...(rehearsal ? [rehearsal] : []),
  ];
  const failed = findings.some(({ state }) => state === 'failed');
  const known = findings.some(
    ({ check, state }) => state === 'verified' && check !== 'sbom' && check !== 'rehearsal',
  );
  return {
    ok: !failed && known,
    file,
    ...digest,
    signed: signature.finding.state === 'verified',
    signedAs: signature.signed?.subject.name ?? null,
    findings,
  };
}

function provenance(record: Sidecar | null, statement: ParsedStatement | null, sha256: string): Finding {
  const check = 'provenance';
  if (record === null) return { check, state: 'not-verified', said: 'there is no provenance' };
  if (!statement)
    return {
      check,
      state: 'failed',
      said: 'the provenance is not an in-toto statement with SLSA v1 provenance',
    };
  const subject = statement.subjects.find((one) => one.sha256 === sha256);
  if (!subject) {
    const others = statement.subjects.map((one) => `${one.name} (${one.sha256})`).slice(0, 5);
    return {
      check,
      state: 'failed',
      said: `the provenance describes another file: ${others.join(', ') || 'none'}`,
    };
  }
  const iso = statement.iso ? ` from the ISO with sha256 ${statement.iso}` : '';
  return { check, state: 'verified', said: `it describes this file, built by ${statement.builder}${iso}` };
}

/**
 * The manifest or the SBOM: by the digest of the artifact in it, and by its own digest in the statement. A signed statement
 * that does not name it disowns it: whoever forged it would have renamed the files.
 */
function byproduct(
  check: 'manifest' | 'sbom',
  path: string,
  record: Sidecar | null,
  {
    sha256,
    statement,
    signed,
  }: { sha256: string; statement: ParsedStatement | null; signed: SignedSubject | null },
): Finding {
  const name = basename(path);
  if (!record) return { check, state: 'not-verified', said: `there is no ${name}` };
  const failed = (said: string): Finding => ({ check, state: 'failed', said });
  const artifact = (check === 'manifest' ? manifestDigest : sbomDigest)(record.text);
  if (artifact !== sha256) return failed(`${name} describes another file: ${artifact ?? 'it has no digest'}`);
  if (signed) {
    // By the name it had when it was signed.
    const asSigned = basename(sidecarNames(signed.subject.name)[check]);
    const stated = signed.statement.byproducts.get(asSigned);
    if (stated === undefined)
      return failed(`${name} is not signed: the signed statement names no ${asSigned}`);
    if (stated !== record.sha256) return failed(`${name} is not the ${asSigned} that was signed`);
    return { check, state: 'verified', said: `it describes this file, and is signed as ${asSigned}` };
  }
  const stated = statement?.byproducts.get(name);
  if (stated !== undefined && stated !== record.sha256)
    return failed(`${name} is not the one that the provenance names`);
  if (statement && stated === undefined)
    return { check, state: 'not-verified', said: `the provenance does not name ${name}` };
  const said = stated ? 'it describes this file, and the provenance names it' : 'it describes this file';
  return { check, state: 'verified', said };
}

function manifestDigest(text: string): string | undefined {
  return fromJson(text, (manifest) => sha256Of(manifest.artifact.sha256));
}

function sbomDigest(text: string): string | undefined {
  return fromJson(text, (bom) => {
    const all = bom.metadata.component.hashes as { alg: string; content: unknown }[];
    const digests = new Set(
      all.filter(({ alg }) => alg === 'SHA-256').map(({ content }) => sha256Of(content)),
    );
    return digests.size === 1 ? [...digests][0] : undefined;
  });
}

// biome-ignore lint/suspicious/noExplicitAny: whatever form it has, what is not a digest counts as absent
function fromJson(text: string, pick: (value: any) => string | undefined): string | undefined {
  try {
    return pick(parseStrictJson(text));
  } catch {
    return undefined;
  }
}
