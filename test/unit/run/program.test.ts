import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { packageRoot } from '../../../pipeline/host/process/package-root.ts';
import { ROWS } from '../../../pipeline/stages/rows.ts';
import { programDigest } from '../../../pipeline/workspace/program.ts';

/** The digest of a program of our own. It is read once, so every one has a folder of its own. */
function digest(files: Record<string, string>, sources: string[], version = '1.0.0'): string {
  const root = mkdtempSync(join(tmpdir(), 'program-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ ...files, 'package.json': JSON.stringify({ version }) })) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return programDigest(sources, root);
}

const FILES = {
  'pipeline/image/a.ts': 'a',
  'pipeline/image/checks/b.ts': 'b',
  'pipeline/stages/pack.ts': 'p',
  'pipeline/maas/c.ts': 'c',
};
const SOURCES = ['image', 'stages/pack.ts'];

it('a clone is its sources that decide a result, wherever they lie', () => {
  const one = digest(FILES, SOURCES);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(digest(FILES, SOURCES)).toBe(one);
  expect(digest({ ...FILES, 'pipeline/maas/c.ts': 'other' }, SOURCES)).toBe(one);
  expect(digest({ ...FILES, 'pipeline/image/notes.md': 'other' }, SOURCES)).toBe(one);
  const others = [
    digest({ ...FILES, 'pipeline/image/a.ts': 'other' }, SOURCES),
    digest({ ...FILES, 'pipeline/image/checks/b.ts': 'other' }, SOURCES),
    digest({ ...FILES, 'pipeline/image/checks/d.ts': '' }, SOURCES),
    digest({ ...FILES, 'pipeline/image/a.ts': '', 'pipeline/image/e.ts': 'a' }, SOURCES),
    digest({ ...FILES, 'pipeline/stages/pack.ts': 'other' }, SOURCES),
    digest(FILES, SOURCES, '1.0.1'),
  ];
  expect(new Set([one, ...others]).size).toBe(7);
});

it('an installed package is its version', () => {
  expect(digest({}, SOURCES, '1.2.3')).toBe('1.2.3');
});

it('is read once in a process, and every row has sources that are there', () => {
  const root = mkdtempSync(join(tmpdir(), 'program-'));
  writeFileSync(join(root, 'package.json'), '{"version":"1"}');
  expect(programDigest(['x'], root)).toBe('1');
  rmSync(root, { recursive: true });
  expect(programDigest(['x'], root)).toBe('1');
  const digests = ROWS.map(({ code }) => programDigest(code, packageRoot()));
  expect(new Set(digests).size).toBe(ROWS.length);
});
