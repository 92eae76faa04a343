import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { atTheArchive, mirrorScript } from '../../../pipeline/install/archive/mirrors.ts';
import { parsePackages } from '../../../pipeline/install/archive/packages.ts';
import { withKeyringsOf } from '../../../pipeline/install/archive/preflight.ts';

/** By GNU sed, as a build does it. */
function mirrored(sources: string, mirrors: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'mirrors-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'script'), mirrorScript(mirrors));
  return execFileSync('sed', ['-f', join(dir, 'script')], { input: sources, encoding: 'utf8' });
}

it.each([
  [
    'one line',
    'deb [arch=amd64] http://a.example/ubuntu noble main\n',
    'deb [arch=amd64] http://m/u noble main\n',
  ],
  ['with a slash', 'deb http://a.example/ubuntu/ noble main\n', 'deb http://m/u/ noble main\n'],
  ['a longer path', 'deb http://a.example/ubuntu/x noble main\n', 'deb http://m/u/x noble main\n'],
  ['deb822', 'URIs: http://a.example/ubuntu/ http://a.example/ubuntu\n', 'URIs: http://m/u/ http://m/u\n'],
  ['deb822 over lines', 'URIs:\n http://a.example/ubuntu\n', 'URIs:\n http://m/u\n'],
  ['the longest of two', 'deb http://a.example/ubuntu/deep noble main\n', 'deb http://d noble main\n'],
  ['another folder with the same beginning', 'deb http://a.example/ubuntu-ports noble\n', null],
  ['another host', 'deb http://xa.example/ubuntu noble\n', null],
  ['a dot stands for itself alone', 'deb http://aXexample/ubuntu noble\n', null],
  [
    'what a mirror is called is not replaced again',
    'deb http://z.example n\n',
    'deb http://a.example/ubuntu n\n',
  ],
])('a mirror takes the place of an archive: %s', (name, sources, wanted) => {
  const mirrors = {
    'http://a.example/ubuntu': 'http://m/u',
    ...(name.startsWith('the longest') && { 'http://a.example/ubuntu/deep': 'http://d' }),
    'http://z.example': 'http://a.example/ubuntu',
  };
  expect(mirrored(sources, mirrors)).toBe(wanted ?? sources);
});

it('a package from a mirror is named by its archive', () => {
  const mirrors = { 'https://repo.example/x': 'http://m/nv', 'http://a.example': 'http://m' };
  expect(atTheArchive('http://m/nv/pool/a.deb', mirrors)).toBe('https://repo.example/x/pool/a.deb');
  expect(atTheArchive('http://m/pool/a.deb', mirrors)).toBe('http://a.example/pool/a.deb');
  expect(atTheArchive('http://other/pool/a.deb', mirrors)).toBe('http://other/pool/a.deb');
  const line = `hello\t1:2\tall\t${'a'.repeat(64)}\thttp://m/pool/h.deb\n`;
  expect(parsePackages(line, mirrors)).toEqual([
    {
      name: 'hello',
      version: '1:2',
      architecture: 'all',
      sha256: 'a'.repeat(64),
      source: 'http://a.example/pool/h.deb',
    },
  ]);
  expect(() => parsePackages('hello\t1\tall\tzz\thttp://m\n', {})).toThrow('unexpected line');
});

it('keyrings are those of the root, wherever it lies', () => {
  expect(
    withKeyringsOf(
      '/r',
      'deb [arch=a signed-by=/k/a.gpg,/k/b.gpg] http://x y z\nSigned-By: /k/c.gpg /k/d.gpg\n',
    ),
  ).toBe('deb [arch=a signed-by=/r/k/a.gpg,/r/k/b.gpg] http://x y z\nSigned-By: /r/k/c.gpg,/r/k/d.gpg\n');
  // A fingerprint, and a key that stands in the list itself.
  const own = 'deb [signed-by=ABCDEF] http://x y\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n';
  expect(withKeyringsOf('/r', own)).toBe(own);
});
