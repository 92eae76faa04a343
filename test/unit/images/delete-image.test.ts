import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { MaasClient } from '../../../pipeline/maas/api/client.ts';
import { deleteImage } from '../../../pipeline/maas/images/prune.ts';
import { type LedgerEntry, readLedger } from '../../../pipeline/workspace/ledger/ledger.ts';
import { noted, TARGET } from './entries.ts';

/** The paths that MAAS was asked to delete, and the entries that were written. */
async function deleted(ledger: readonly LedgerEntry[]): Promise<[string[], string[]]> {
  const dir = mkdtempSync(join(tmpdir(), 'delete-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const paths: string[] = [];
  const client = { url: TARGET, delete: async (path: string) => void paths.push(path) };
  const env = { XDG_STATE_HOME: dir };
  await deleteImage(client as unknown as MaasClient, { id: 7 }, ledger, { env, emit() {} });
  const written = await readLedger(env);
  return [paths, written.map(({ did, name, resourceId }) => `${did} ${name} ${resourceId}`)];
}

test('an image that is deleted is noted by its last entry', async () => {
  const ledger = [noted('old', 7), noted('new', 7), noted('other', 8)];
  expect(await deleted(ledger)).toEqual([['boot-resources/7/'], ['pruned new 7']]);
});

test('one of another MAAS, or of nobody here, is deleted and not noted', async () => {
  const paths = ['boot-resources/7/'];
  expect(await deleted([noted('x', 7, { target: 'http://other/MAAS' })])).toEqual([paths, []]);
  expect(await deleted([noted('x', 8)])).toEqual([paths, []]);
  expect(await deleted([])).toEqual([paths, []]);
});
