import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LedgerEntry, ledgerFile, readLedger, record } from '../../../pipeline/ledger/ledger.ts';
import type { BootResourceDetail } from '../../../pipeline/maas/answers.ts';
import { listed } from '../../../pipeline/upload/list-images.ts';

let dir: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ledger-'));
  env = { XDG_STATE_HOME: dir };
});
afterEach(() => rm(dir, { recursive: true }));

const entry: Omit<LedgerEntry, 'time'> = {
  did: 'completed',
  target: 'http://maas/MAAS',
  resourceId: 5,
  name: 'dgx1-5.0',
  architecture: 'amd64/generic',
  set: '20261122',
  sha256: 'a'.repeat(64),
  size: 1000,
  title: 'DGX-1',
  baseImage: 'ubuntu/focal',
  filetype: 'tgz',
  file: '/images/dgx1.tar.gz',
  validated: true,
  image: 'dgx1',
};

test('entries come back in their order; a line that a crash cut off is left out', async () => {
  expect(await readLedger(env)).toEqual([]);
  await record({ ...entry, did: 'started' }, env, () => {});
  await appendFile(ledgerFile(env), '{"time":"2026-11-22T0\n');
  await record(entry, env, () => {});
  expect((await readLedger(env)).map(({ did }) => did)).toEqual(['started', 'completed']);
});

test('writers side by side do not mix their lines', async () => {
  await Promise.all(Array.from({ length: 50 }, (_, i) => record({ ...entry, resourceId: i }, env, () => {})));
  expect((await readLedger(env)).map(({ resourceId }) => resourceId).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 50 }, (_, i) => i),
  );
});

test('an image of the list knows its build by its sum, and shows the set in use', () => {
  const files = [
    {
      sha256: entry.sha256,
      size: 1000,
      complete: true,
      uploadUri: undefined,
      filetype: 'root-tgz',
    },
  ];
  const detail: BootResourceDetail = {
    id: 5,
    type: 'Uploaded',
    name: 'dgx1-5.0',
    title: 'DGX-1',
    architecture: 'amd64/generic',
    baseImage: 'ubuntu/focal',
    lastDeployed: null,
    sets: [
      {
        version: '20261122.1',
        size: 50,
        complete: false,
        progress: 10,
        files: [{ ...files[0]!, sha256: 'b'.repeat(64) }],
      },
      { version: '20261122', size: 1000, complete: true, progress: undefined, files },
    ],
  };
  expect(listed(detail, [{ ...entry, time: '2026-11-22T01:02:03Z' }])).toMatchObject({
    set: '20261122',
    complete: true,
    size: 1000,
    build: { image: 'dgx1', uploaded: '2026-11-22T01:02:03Z' },
    acceptance: null,
  });
  expect(listed(detail, [{ ...entry, time: '2026-11-22T01:02:03Z', did: 'quarantined' }]).acceptance).toBe(
    'quarantined',
  );
  expect(listed({ ...detail, sets: [detail.sets[0]!] }, [])).toMatchObject({
    complete: false,
    progress: 10,
    build: null,
  });
  expect(listed({ ...detail, sets: [] }, [])).toMatchObject({ set: null, size: 0, sha256: null });
});
