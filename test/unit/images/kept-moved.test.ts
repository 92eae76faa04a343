import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kept } from '../../../pipeline/maas/images/promote.ts';
import { imageFolder, keptFolder, packFiles, stageFolder } from '../../../pipeline/workspace/layout.ts';
import type { LedgerEntry } from '../../../pipeline/workspace/ledger/ledger.ts';

let home: string;
let entry: LedgerEntry;
const artifactIn = (workspace: string) =>
  packFiles(stageFolder(imageFolder(workspace, 'img'), 'pack'), 'img').artifact;
const keep = (workspace: string) =>
  kept(entry, {
    keepIn: keptFolder(workspace),
    emit: () => {},
    signal: new AbortController().signal,
  });

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kept-'));
  const file = artifactIn(join(home, 'one'));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'artifact');
  const sha256 = createHash('sha256').update('artifact').digest('hex');
  entry = { name: 'img-1', image: 'img', file, size: 8, sha256 } as LedgerEntry;
});
afterEach(() => rmSync(home, { recursive: true }));

test('an artifact is promoted from where it was uploaded, and from a workspace that was moved since', async () => {
  expect(readFileSync(await keep(join(home, 'one')), 'utf8')).toBe('artifact');
  rmSync(keptFolder(join(home, 'one')), { recursive: true });
  renameSync(join(home, 'one'), join(home, 'two'));
  expect(readFileSync(await keep(join(home, 'two')), 'utf8')).toBe('artifact');
});

test('an artifact that was built since is not taken for the one uploaded', async () => {
  renameSync(join(home, 'one'), join(home, 'two'));
  writeFileSync(artifactIn(join(home, 'two')), 'another!');
  await expect(keep(join(home, 'two'))).rejects.toMatchObject({ code: 'UPLOAD_MISSING' });
});
