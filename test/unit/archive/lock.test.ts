import { describe, expect, it } from 'vitest';
import { IN_TOTO } from '../../../pipeline/image/attest/dsse.ts';
import { lockText, parseLock } from '../../../pipeline/install/archive/lock.ts';
import { lockedStatement } from './statement.ts';

const ROOT = 'a'.repeat(64);
const PACKAGES = [
  { name: 'hello', version: '2.10-3', architecture: 'amd64', sha256: 'b'.repeat(64) },
  {
    name: 'datacenter-gpu-manager-4-cuda13',
    version: '1:4.4.1-1',
    architecture: 'amd64',
    sha256: 'c'.repeat(64),
  },
];
const parse = (text: string, root = ROOT) => parseLock(text, 'x.provenance.json', root);

describe('a lock', () => {
  it('is what a provenance says was taken, sorted', () => {
    const found = parse(lockedStatement(ROOT, PACKAGES));
    expect(found.map(({ name }) => name)).toEqual(['datacenter-gpu-manager-4-cuda13', 'hello']);
    expect(lockText(found)).toBe(
      `datacenter-gpu-manager-4-cuda13\t1:4.4.1-1\tamd64\t${'c'.repeat(64)}\nhello\t2.10-3\tamd64\t${'b'.repeat(64)}\n`,
    );
  });

  it('is the same in an envelope', () => {
    const payload = Buffer.from(lockedStatement(ROOT, PACKAGES)).toString('base64');
    const envelope = { payloadType: IN_TOTO, payload, signatures: [{ keyid: '', sig: 'AAAA' }] };
    expect(parse(JSON.stringify(envelope))).toHaveLength(2);
  });

  it.each([
    ['nothing', ''],
    ['another file', '{"format": 1, "image": "demo"}'],
    ['a list', '[]'],
    ['null', 'null'],
    [
      'no list of dependencies',
      lockedStatement(ROOT, PACKAGES).replace(/"resolvedDependencies":\[.*\]/, '"resolvedDependencies":5'),
    ],
    [
      'dependencies that are nothing',
      lockedStatement(ROOT, PACKAGES).replace(
        /"resolvedDependencies":\[.*\]/,
        '"resolvedDependencies":[null, 5]',
      ),
    ],
    ['an image from an ISO', lockedStatement(ROOT, [])],
    ['another root', lockedStatement('d'.repeat(64), PACKAGES)],
    [
      'a package without a version',
      lockedStatement(ROOT, PACKAGES).replace('"version":"2.10-3"', '"version":null'),
    ],
    ['a name that is none', lockedStatement(ROOT, PACKAGES).replace('deb:hello', 'deb:../hello\\n-o')],
    ['a version with a blank', lockedStatement(ROOT, PACKAGES).replace('2.10-3', '2.10-3 x')],
    ['a sum that is none', lockedStatement(ROOT, PACKAGES).replace('b'.repeat(64), 'bb')],
  ])('is not %s', (_, text) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        ...{ code: 'LOCK_UNREADABLE', exitCode: 3 },
        message: expect.stringContaining('x.provenance.json: '),
      }),
    );
  });
});
