import type { KeyObject } from 'node:crypto';
import { IN_TOTO, isSignedBy, parseEnvelope, payloadOf } from './dsse.ts';
import { keyIdOf } from './signing-key.ts';
import { type NamedDigest, type ParsedStatement, readStatement } from './statement.ts';
import type { Finding, Sidecars } from './verification.ts';

/** The statement that the holder of the key has signed on a file. */
export interface SignedSubject {
  statement: ParsedStatement;
  /** The file in that statement. */
  subject: NamedDigest;
}

interface SignatureRequest {
  publicKey: KeyObject | null;
  requireSignature: boolean;
  /** Of the file. */
  sha256: string;
  name: string;
}

/** The signature over the statement, and what it covers when it is good. */
export function signatureOf(
  records: Sidecars,
  { publicKey, requireSignature, sha256, name }: SignatureRequest,
): { finding: Finding; signed: SignedSubject | null } {
  const said = (state: Finding['state'], what: string, signed: SignedSubject | null = null) => ({
    finding: { check: 'signature' as const, state, said: what },
    signed,
  });
  const missing = requireSignature ? 'failed' : 'not-verified';
  if (records.signature === null) return said(missing, 'unsigned');
  const envelope = parseEnvelope(records.signature.text);
  if (!envelope) return said('failed', 'the signature is not a DSSE envelope');
  if (envelope.payloadType !== IN_TOTO)
    return said('failed', `the signature covers ${envelope.payloadType}, not ${IN_TOTO}`);
  const payload = payloadOf(envelope);
  const statement = readStatement(payload);
  if (!statement)
    return said('failed', 'the signed data is not an in-toto statement with SLSA v1 provenance');
  const subjects = statement.subjects.filter((one) => one.sha256 === sha256);
  const subject = subjects.find((one) => one.name === name) ?? subjects[0];
  if (!subject) {
    const others = statement.subjects.map((one) => one.name).slice(0, 5);
    return said('failed', `the signature covers another file: ${others.join(', ') || 'none'}`);
  }
  if (records.provenance !== null && !records.provenance.bytes.equals(payload))
    return said('failed', 'the signature covers a different provenance than the one beside the file');
  if (!publicKey)
    return said(
      missing,
      `there is one, claimed by key ${envelope.signatures.map(({ keyid }) => keyid).join(', ')}; pass the public key to check it`,
    );
  const key = keyIdOf(publicKey);
  if (!isSignedBy(envelope, publicKey)) return said('failed', `it was not made with key ${key}`);
  const signed = { statement, subject };
  if (subject.name !== name)
    return said(
      'failed',
      `key ${key} signed this file as ${subject.name}, and its name is ${name} now: rename the file and its records back`,
      signed,
    );
  return said(
    'verified',
    `key ${key} signed this file's digest, its name ${name}, and its provenance`,
    signed,
  );
}
