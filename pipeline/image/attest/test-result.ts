import { writeFile } from 'node:fs/promises';
import { signStatement } from './dsse.ts';
import { type Resource, STATEMENT_TYPE } from './provenance.ts';
import type { SigningKey } from './signing-key.ts';

/** @see https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md */
const TEST_RESULT = 'https://in-toto.io/attestation/test-result/v0.1';

export interface TestResult {
  artifact: { name: string; sha256: string };
  passed: boolean;
  /** Everything that the tests were run with, by digest. */
  configuration: Resource[];
  passedTests: string[];
  failedTests: string[];
}

/**
 * Writes an in-toto statement with the result of tests of an artifact, and with a key the same as a signed DSSE envelope.
 * @returns the paths written
 */
export async function writeTestResult(
  { artifact, passed, ...rest }: TestResult,
  files: { statement: string; signature: string },
  key: SigningKey | null,
): Promise<string[]> {
  const statement = {
    _type: STATEMENT_TYPE,
    subject: [{ name: artifact.name, digest: { sha256: artifact.sha256 } }],
    predicateType: TEST_RESULT,
    predicate: { result: passed ? 'PASSED' : 'FAILED', ...rest },
  };
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const text = json(statement);
  await writeFile(files.statement, text);
  if (key === null) return [files.statement];
  await writeFile(files.signature, json(signStatement(Buffer.from(text), key.key, key.keyId)));
  return [files.statement, files.signature];
}
