import { writeFile } from 'node:fs/promises';
import { signStatement } from './dsse.ts';
import { type Resource, STATEMENT_TYPE } from './provenance.ts';
import type { SigningKey } from './signing-key.ts';
import { digestsOf, type NamedDigest } from './statement.ts';
import { parseStrictJson } from './strict-json.ts';

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

/** The system that images were installed from: made of packages, files of the user, or of a mirror or a MAAS. */
export type TestedEphemeral = 'lean' | 'own' | 'mirror' | 'maas';

/** The parts of a statement on tests that verification needs. */
export interface TestResultRead {
  subjects: NamedDigest[];
  passed: boolean;
  passedTests: string[];
  failedTests: string[];
  /** Null where the statement names none. */
  curtin: { version: string; sha256: string } | null;
  ephemeral: TestedEphemeral | null;
}

/** The parts of an in-toto statement on a rehearsal; null for anything else, as of `readStatement`. */
export function readTestResult(bytes: Buffer): TestResultRead | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // biome-ignore lint/suspicious/noExplicitAny: whatever form it has, what does not fit throws below
    const { _type, subject, predicateType, predicate } = parseStrictJson(text) as any;
    const { result, configuration, passedTests, failedTests } = predicate;
    if (_type !== STATEMENT_TYPE || predicateType !== TEST_RESULT) return null;
    if (result !== 'PASSED' && result !== 'FAILED') return null;
    const parts = digestsOf(configuration);
    const curtin = parts.find(({ name }) => name === 'curtin');
    const noted = (part: string) =>
      (configuration as Resource[]).find(({ name }) => name === part)?.annotations ?? {};
    const { version } = noted('curtin');
    const { from } = noted('ephemeral:kernel');
    const names = parts.map(({ name }) => name);
    return {
      subjects: digestsOf(subject),
      passed: result === 'PASSED' && namesOf(failedTests).length === 0,
      passedTests: namesOf(passedTests),
      failedTests: namesOf(failedTests),
      curtin: curtin ? { version: typeof version === 'string' ? version : '', sha256: curtin.sha256 } : null,
      ephemeral: names.includes('ephemeral:recipe')
        ? 'lean'
        : names.includes('ephemeral:kernel')
          ? from === 'mirror' || from === 'maas'
            ? from
            : 'own'
          : null,
    };
  } catch {
    // Not JSON, or of another form.
    return null;
  }
}

function namesOf(value: unknown): string[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string'))
    throw new Error('no list of names');
  return value;
}
