import type { KeyObject } from 'node:crypto';
import { basename } from 'node:path';
import { rehearsedBeside } from '../../workspace/layout.ts';
import { IN_TOTO, isSignedBy, parseEnvelope, payloadOf } from './dsse.ts';
import { readSidecar, type Sidecar } from './sidecar.ts';
import { keyIdOf } from './signing-key.ts';
import { readTestResult, type TestedEphemeral, type TestResultRead } from './test-result.ts';
import type { Finding } from './verification.ts';

interface RehearsalRequest {
  /** Of the file. */
  sha256: string;
  publicKey: KeyObject | null;
  requireSignature: boolean;
}

const said = (state: Finding['state'], what: string): Finding => ({ check: 'rehearsal', state, said: what });

/**
 * The statement on the rehearsals of a file, in its folder or in that of the stage: whether it is of this file, who signed it, and its verdict.
 * @returns null where the file was not rehearsed
 * @throws Fault IMAGE_UNREADABLE, NO_PERMISSION
 */
export async function verifyRehearsal(file: string, request: RehearsalRequest): Promise<Finding | null> {
  for (const paths of rehearsedBeside(file)) {
    const signature = await readSidecar(paths.signature);
    const statement = await readSidecar(paths.statement);
    if (signature !== null) return signed(signature, statement, request);
    if (statement !== null) return unsigned(statement, basename(paths.statement), request);
  }
  return null;
}

function unsigned(statement: Sidecar, name: string, { sha256, requireSignature }: RehearsalRequest): Finding {
  const result = readTestResult(statement.bytes);
  if (!result) return said('failed', `${name} is not an in-toto statement on a rehearsal`);
  const wrong = problemOf(result, sha256);
  if (wrong !== null) return said('failed', wrong);
  return said(requireSignature ? 'failed' : 'not-verified', `unsigned: ${summary(result)}`);
}

function signed(
  signature: Sidecar,
  statement: Sidecar | null,
  { sha256, publicKey, requireSignature }: RehearsalRequest,
): Finding {
  const envelope = parseEnvelope(signature.text);
  if (!envelope) return said('failed', 'the signature of the rehearsal is not a DSSE envelope');
  const payload = payloadOf(envelope);
  const result = envelope.payloadType === IN_TOTO ? readTestResult(payload) : null;
  if (!result) return said('failed', 'the signed data is not an in-toto statement on a rehearsal');
  if (statement !== null && !statement.bytes.equals(payload))
    return said('failed', 'the signature covers a different rehearsal than the one beside it');
  const key = publicKey && keyIdOf(publicKey);
  // Words of a statement that nobody has signed are not repeated.
  if (publicKey && !isSignedBy(envelope, publicKey)) return said('failed', `it was not made with key ${key}`);
  const wrong = problemOf(result, sha256);
  if (wrong !== null) return said('failed', wrong);
  if (key === null)
    return said(
      requireSignature ? 'failed' : 'not-verified',
      `${summary(result)}; it is signed: pass the public key to check it`,
    );
  return said('verified', `${summary(result)}; signed by key ${key}`);
}

function problemOf({ subjects, passed, failedTests }: TestResultRead, sha256: string): string | null {
  if (!subjects.some((one) => one.sha256 === sha256)) {
    const others = subjects.map(({ name, sha256: other }) => `${name} (${other})`).slice(0, 5);
    return `the rehearsal is of another file: ${others.join(', ') || 'none'}`;
  }
  return passed
    ? null
    : `the file failed its rehearsal: ${list('layout', failedTests) || 'no layout was named'}`;
}

const EPHEMERALS: Record<TestedEphemeral, string> = {
  lean: 'the lean ephemeral',
  own: 'the own ephemeral',
  mirror: 'the ephemeral of a mirror',
  maas: 'the ephemeral of a MAAS',
};

function summary({ passedTests, curtin, ephemeral }: TestResultRead): string {
  const by =
    curtin === null ? '' : ` by curtin ${curtin.version || 'of an unnamed version'} (${curtin.sha256})`;
  const from = ephemeral === null ? '' : `, from ${EPHEMERALS[ephemeral]}`;
  return `it was rehearsed with ${list('layout', passedTests) || 'no layout'}${by}${from}`;
}

const list = (noun: string, names: readonly string[]) =>
  names.length === 0 ? '' : `${noun}${names.length > 1 ? 's' : ''} ${names.join(', ')}`;
