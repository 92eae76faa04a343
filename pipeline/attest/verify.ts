import type { KeyObject } from 'node:crypto';
import { basename, resolve } from 'node:path';
import type { Emit } from '../events/event.ts';
import { digestOf, readBeside } from './digest.ts';
import { IN_TOTO, isSignedBy, parseEnvelope } from './dsse.ts';
import { namesBeside } from './names.ts';
import { keyIdOf } from './signing-key.ts';
import { type ReadStatement, readStatement } from './statement.ts';
import { parseSums, type Sum } from './sums.ts';

/** What was looked at, and what came of it; "not-verified" says why it could not be looked at. */
export interface Finding {
  check: 'sums' | 'manifest' | 'sbom' | 'provenance' | 'signature';
  state: 'verified' | 'failed' | 'not-verified';
  said: string;
}

export interface Verification {
  /** Nothing failed, and at least one record says what the file should be. */
  ok: boolean;
  file: string;
  sha256: string;
  size: number;
  /** The signature of the given key is good and is over this file's digest. */
  signed: boolean;
  findings: Finding[];
}

export interface VerifyOptions {
  publicKey: KeyObject | null;
  /** Without a good signature the verification fails. */
  requireSignature: boolean;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * Compares a file with what stands beside it: its digest with SHA256SUMS, manifest, SBOM and provenance, and the provenance
 * with its signature. Reads nothing but these files.
 * @throws Fault IMAGE_UNREADABLE, NO_PERMISSION
 */
export async function verifyFile(path: string, options: VerifyOptions): Promise<Verification> {
  const file = resolve(path);
  const digest = await digestOf(file, options.emit, options.signal);
  const names = namesBeside(file);
  const [envelope, record] = [await readBeside(names.signature), await readBeside(names.provenance)];
  const findings = [await sums(file, digest.sha256)];
  const statement = record && readStatement(record.text);
  findings.push(provenance(record?.text ?? null, statement, digest.sha256));
  const { finding: signature, payload } = signatureOf(
    envelope?.text ?? null,
    record?.text ?? null,
    digest.sha256,
    options,
  );
  // What is signed goes before what merely stands there.
  const trusted = payload ?? statement;
  for (const check of ['manifest', 'sbom'] as const)
    findings.push(await byproduct(check, names[check], digest.sha256, trusted));
  findings.push(signature);
  const failed = findings.some(({ state }) => state === 'failed');
  const known = findings.some(({ check, state }) => state === 'verified' && check !== 'sbom');
  return {
    ok: !failed && known,
    file,
    ...digest,
    signed: signature.state === 'verified',
    findings,
  };
}

/** SHA256SUMS: the lines of the file and of its records; those of other images are left alone. */
async function sums(file: string, sha256: string): Promise<Finding> {
  const check = 'sums';
  const { sums: path, ...records } = namesBeside(file);
  const read = await readBeside(path);
  if (!read) return { check, state: 'not-verified', said: 'there is no SHA256SUMS' };
  const listed = parseSums(read.text);
  if (!listed) return { check, state: 'failed', said: 'SHA256SUMS is not what sha256sum writes' };
  const name = basename(file);
  if (!listed.some((sum) => sum.name === name))
    return { check, state: 'not-verified', said: `SHA256SUMS does not list ${name}` };
  const now = new Map<string, string | undefined>([[name, sha256]]);
  for (const record of Object.values(records)) now.set(basename(record), (await readBeside(record))?.sha256);
  const ours = listed.filter((sum) => now.has(sum.name));
  const wrong = ours.filter((sum) => now.get(sum.name) !== undefined && now.get(sum.name) !== sum.sha256);
  const absent = ours.filter((sum) => now.get(sum.name) === undefined);
  if (wrong.length > 0) return { check, state: 'failed', said: `not as SHA256SUMS lists: ${list(wrong)}` };
  const good = ours.filter((sum) => !absent.includes(sum));
  const rest = absent.length > 0 ? `; listed, but not there: ${list(absent)}` : '';
  return { check, state: 'verified', said: `as SHA256SUMS lists: ${list(good)}${rest}` };
}

function list(sums: readonly Sum[]): string {
  return sums.map(({ name }) => name).join(', ');
}

function provenance(text: string | null, statement: ReadStatement | null, sha256: string): Finding {
  const check = 'provenance';
  if (text === null) return { check, state: 'not-verified', said: 'there is no provenance' };
  if (!statement)
    return { check, state: 'failed', said: 'the provenance is no in-toto statement with SLSA v1 provenance' };
  if (!statement.subjects.includes(sha256))
    return {
      check,
      state: 'failed',
      said: `the provenance is of another file: ${statement.subjects.join(', ')}`,
    };
  const iso = statement.iso ? ` from the ISO with sha256 ${statement.iso}` : '';
  return { check, state: 'verified', said: `it is of this file, built by ${statement.builder}${iso}` };
}

/** The manifest or the SBOM: by the digest of the artifact in it, and by its own digest in the provenance. */
async function byproduct(
  check: 'manifest' | 'sbom',
  path: string,
  sha256: string,
  statement: ReadStatement | null,
): Promise<Finding> {
  const read = await readBeside(path);
  if (!read) return { check, state: 'not-verified', said: `there is no ${basename(path)}` };
  const artifact = check === 'manifest' ? manifestDigest(read.text) : sbomDigest(read.text);
  if (artifact !== sha256)
    return {
      check,
      state: 'failed',
      said: `${basename(path)} is of another file: ${artifact ?? 'it names no digest'}`,
    };
  const stated = statement?.byproducts.get(basename(path));
  if (stated !== undefined && stated !== read.sha256)
    return { check, state: 'failed', said: `${basename(path)} is not the one that the provenance names` };
  return {
    check,
    state: 'verified',
    said: stated ? 'it is of this file, and the one that the provenance names' : 'it is of this file',
  };
}

function manifestDigest(text: string): string | undefined {
  return fromJson(text, (manifest) => manifest.artifact.sha256);
}

function sbomDigest(text: string): string | undefined {
  return fromJson(
    text,
    (bom) => bom.metadata.component.hashes.find((hash: { alg: string }) => hash.alg === 'SHA-256').content,
  );
}

// biome-ignore lint/suspicious/noExplicitAny: whatever form it has, what is not a string counts as absent
function fromJson(text: string, pick: (value: any) => unknown): string | undefined {
  try {
    const value = pick(JSON.parse(text));
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The signature over the statement, and the statement when the signature is good. */
function signatureOf(
  text: string | null,
  provenanceText: string | null,
  sha256: string,
  { publicKey, requireSignature }: VerifyOptions,
): { finding: Finding; payload: ReadStatement | null } {
  const said = (state: Finding['state'], what: string, payload: ReadStatement | null = null) => ({
    finding: { check: 'signature' as const, state, said: what },
    payload,
  });
  const missing = requireSignature ? 'failed' : 'not-verified';
  if (text === null) return said(missing, 'unsigned: nobody vouches for this file');
  const envelope = parseEnvelope(text);
  if (!envelope) return said('failed', 'the signature is no DSSE envelope');
  if (envelope.payloadType !== IN_TOTO)
    return said('failed', `the signature is over ${envelope.payloadType}, not over ${IN_TOTO}`);
  const payload = Buffer.from(envelope.payload, 'base64').toString();
  const statement = readStatement(payload);
  if (!statement?.subjects.includes(sha256)) return said('failed', 'the signature is over another file');
  if (provenanceText !== null && provenanceText !== payload)
    return said('failed', 'the signature is over another provenance than the one beside the file');
  if (!publicKey)
    return said(
      missing,
      `there is one, claimed by key ${envelope.signatures.map(({ keyid }) => keyid).join(', ')}; give the public key to check it`,
    );
  if (!isSignedBy(envelope, publicKey)) return said('failed', `it is not of key ${keyIdOf(publicKey)}`);
  return said(
    'verified',
    `key ${keyIdOf(publicKey)} signed this file's digest and its provenance`,
    statement,
  );
}
