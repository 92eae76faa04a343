import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { signStatement } from '../../../pipeline/image/attest/dsse.ts';
import { verifyRehearsal } from '../../../pipeline/image/attest/rehearsal.ts';
import { newKeyPair } from '../../../pipeline/image/attest/signing-key.ts';
import {
  readTestResult,
  type TestResult,
  writeTestResult,
} from '../../../pipeline/image/attest/test-result.ts';
import { rehearsedFiles } from '../../../pipeline/workspace/layout.ts';

const SHA256 = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const CURTIN = 'c'.repeat(64);
const pair = newKeyPair(undefined);
const key = { key: createPrivateKey(pair.privatePem), keyId: 'ours' };
const publicKey = createPublicKey(pair.publicPem);
const RESULT: TestResult = {
  artifact: { name: 'dgx1.tar.gz', sha256: SHA256 },
  passed: true,
  configuration: [
    { name: 'curtin', digest: { sha256: CURTIN }, annotations: { version: '23.1.1' } },
    { name: 'ephemeral:recipe', digest: { sha256: OTHER } },
  ],
  ...{ passedTests: ['flat', 'raid1'], failedTests: [] },
};

let image: string;
let file: string;
beforeEach(() => {
  image = mkdtempSync(join(tmpdir(), 'rehearsed-'));
  onTestFinished(() => rmSync(image, { recursive: true, force: true }));
  for (const name of ['pack', 'rehearse']) mkdirSync(join(image, name));
  file = join(image, 'pack/dgx1.tar.gz');
});

const write = (more: Partial<TestResult> = {}, by: typeof key | null = key, folder = 'rehearse') =>
  writeTestResult({ ...RESULT, ...more }, rehearsedFiles(join(image, folder)), by);
const found = (more: Partial<Parameters<typeof verifyRehearsal>[1]> = {}) =>
  verifyRehearsal(file, { sha256: SHA256, publicKey, requireSignature: false, ...more });
const signature = () => rehearsedFiles(join(image, 'rehearse')).signature;
const statement = () => rehearsedFiles(join(image, 'rehearse')).statement;
const changed = (path: string, from: string, to: string) =>
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));

test('a file that was not rehearsed has no finding', async () => {
  expect(await found()).toBeNull();
});

test.each(['rehearse', 'pack'])(
  'a signed one in %s says what was rehearsed, by which curtin, and by whom',
  async (folder) => {
    await write({}, key, folder);
    expect(await found()).toMatchObject({
      check: 'rehearsal',
      state: 'verified',
      said: expect.stringMatching(
        /^it was rehearsed with layouts flat, raid1 by curtin 23\.1\.1 \(c{64}\), from the lean ephemeral; signed by key [0-9a-f]{64}$/,
      ),
    });
  },
);

test('a statement of the stage counts for a file in the folder of pack alone', async () => {
  await write();
  mkdirSync(join(image, 'elsewhere'));
  file = join(image, 'elsewhere/dgx1.tar.gz');
  expect(await found()).toBeNull();
});

describe('is not verified', () => {
  test('unsigned', async () => {
    await write({}, null);
    expect(await found()).toMatchObject({
      state: 'not-verified',
      said: expect.stringMatching(/^unsigned: it was rehearsed/),
    });
    expect(await found({ requireSignature: true })).toMatchObject({ state: 'failed' });
  });

  test('without the public key', async () => {
    await write();
    expect(await found({ publicKey: null })).toMatchObject({
      state: 'not-verified',
      said: expect.stringContaining('pass the public key'),
    });
    expect(await found({ publicKey: null, requireSignature: true })).toMatchObject({ state: 'failed' });
  });
});

describe('fails', () => {
  const otherKey = { key: createPrivateKey(newKeyPair(undefined).privatePem), keyId: 'ours' };
  test.each<[string, () => unknown, RegExp]>([
    ['by another key', () => write({}, otherKey), /not made with key/],
    [
      'of another file',
      () => write({ artifact: { name: 'x', sha256: OTHER } }),
      /of another file: x \(b{64}\)/,
    ],
    [
      'unsigned, of another file',
      () => write({ artifact: { name: 'x', sha256: OTHER } }, null),
      /of another file/,
    ],
    [
      'of a rehearsal that failed',
      () => write({ passed: false, passedTests: ['flat'], failedTests: ['raid1'] }),
      /failed its rehearsal: layout raid1/,
    ],
    [
      'that claims to have passed with a failed layout',
      () => write({ failedTests: ['lvm'] }),
      /failed its rehearsal: layout lvm/,
    ],
    [
      'beside another statement',
      () => write().then(() => changed(statement(), 'flat', 'lvm')),
      /different rehearsal/,
    ],
    [
      'with a damaged envelope',
      () => write().then(() => writeFileSync(signature(), '{')),
      /not a DSSE envelope/,
    ],
    ['with a changed payload', () => write().then(() => tampered()), /not made with key/],
    [
      'of another kind',
      () =>
        writeFileSync(signature(), JSON.stringify(signStatement(Buffer.from('{"_type":"x"}'), key.key, 'k'))),
      /not an in-toto statement on a rehearsal/,
    ],
    ['unsigned and not JSON', () => writeFileSync(statement(), 'nonsense'), /rehearsal\.intoto\.json is not/],
  ])('%s', async (_, make, said) => {
    await make();
    expect(await found()).toMatchObject({ state: 'failed', said: expect.stringMatching(said) });
  });

  function tampered(): void {
    const envelope = JSON.parse(readFileSync(signature(), 'utf8'));
    const text = Buffer.from(envelope.payload, 'base64').toString().replace('flat', 'lvm2');
    // The statement beside it says the same, so that the signature alone shows it.
    writeFileSync(statement(), text);
    writeFileSync(
      signature(),
      JSON.stringify({ ...envelope, payload: Buffer.from(text).toString('base64') }),
    );
  }
});

test.each([
  '',
  '[]',
  'null',
  '{"_type":"https://in-toto.io/Statement/v1"}',
  JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: { result: 'WARNED' },
  }),
  JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: { result: 'PASSED', configuration: [], passedTests: [{}], failedTests: [] },
  }),
  `{"_type":"https://in-toto.io/Statement/v1","_type":"x"}`,
])('a text of another form is not a statement: %j', (text) => {
  expect(readTestResult(Buffer.from(text))).toBeNull();
});
