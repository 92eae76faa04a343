import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BootResourceDetail } from '../../../pipeline/maas/api/answers.ts';
import { listed } from '../../../pipeline/maas/images/list-images.ts';
import { ledgerFile } from '../../../pipeline/workspace/layout.ts';
import { type LedgerEntry, readLedger, record } from '../../../pipeline/workspace/ledger/ledger.ts';

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

test('a line that a crash or a full disk has cut takes no later entry with it', async () => {
  await record({ ...entry, resourceId: 1 }, env, () => {});
  const whole = await readFile(ledgerFile(env), 'utf8');
  for (let end = 0; end <= whole.length; end += 23) {
    await writeFile(ledgerFile(env), whole + whole.slice(0, end));
    await record({ ...entry, resourceId: 2 }, env, () => {});
    const ids = (await readLedger(env)).map(({ resourceId }) => resourceId);
    expect(ids.filter((id) => id === 2)).toEqual([2]);
    expect(ids[0]).toBe(1);
  }
});

test.each(['null', '5', '"text"', '[]', '{}', 'true', '{"name":5,"sha256":null}', '\u0000', ''])(
  'a line that is not an entry is left out: %j',
  async (line) => {
    await record(entry, env, () => {});
    await appendFile(ledgerFile(env), `${line}\n`);
    expect(await readLedger(env)).toHaveLength(1);
  },
);

test('the ledger is its owner’s alone, and a pipe in its place holds up nobody', async () => {
  await record(entry, env, () => {});
  expect((await stat(ledgerFile(env))).mode & 0o777).toBe(0o600);
  await rm(ledgerFile(env));
  execFileSync('mkfifo', [ledgerFile(env)]);
  const said: string[] = [];
  await record(entry, env, (event) => said.push(event.type === 'notice' ? event.message : ''));
  expect(said).toEqual([expect.stringContaining('is a named pipe')]);
});

test('writers at the same time do not mix their lines', async () => {
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
