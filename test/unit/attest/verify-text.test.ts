import { expect, test } from 'vitest';
import { paint } from '../../../pipeline/core/text/paint.ts';
import type { Finding, Verification } from '../../../pipeline/image/attest/verification.ts';
import { verificationText } from '../../../pipeline/image/attest/verify-text.ts';

const finding = (check: Finding['check'], state: Finding['state']): Finding => ({ check, state, said: 'x' });
const text = (more: Partial<Verification>) =>
  verificationText(
    {
      ...{ ok: true, file: '/srv/dgx1.tgz', sha256: 'a'.repeat(64), size: 1, signed: false, signedAs: null },
      findings: [finding('sums', 'verified'), finding('signature', 'not-verified')],
      ...more,
    },
    paint(false),
  ).split('\n');

test.each<[string, Partial<Verification>, RegExp]>([
  ['fits', {}, /^The file and its records match\. Who made them is not verified/],
  ['is signed', { signed: true }, /^This file was signed by the holder of the key\.$/],
  [
    'has no record',
    { ok: false, findings: [finding('sums', 'not-verified')] },
    /^No record beside this file/,
  ],
  [
    'differs',
    { ok: false, findings: [finding('sums', 'verified'), finding('sbom', 'failed')] },
    /^This file does not match its records/,
  ],
])('an image that %s says so in its last line', (_what, more, last) => {
  expect(text(more).at(-1)).toMatch(last);
});

test('each record has a line', () => {
  const lines = text({ ok: false, findings: [finding('sums', 'verified'), finding('sbom', 'failed')] });
  expect(lines[0]).toBe(`dgx1.tgz  1 B  sha256 ${'a'.repeat(64)}`);
  expect(lines.slice(1, 3)).toEqual([
    expect.stringMatching(/^ {2}verified +\S+ +x$/),
    expect.stringMatching(/^ {2}FAILED +SBOM +x$/),
  ]);
});
