import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { ledgerFile } from '../../../pipeline/workspace/layout.ts';
import { readLedger, recordUpload } from '../../../pipeline/workspace/ledger/ledger.ts';

test('an entry is a line of its own, also after one that was cut, and says whether checks passed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ledger-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const env = { XDG_STATE_HOME: dir };
  const events: Event[] = [];
  const note = (name: string, validated?: boolean) =>
    recordUpload(
      'completed',
      'http://maas:5240/MAAS',
      {
        ...{ name, architecture: 'amd64/generic', sha256: 'a'.repeat(64), size: 1, title: '', env },
        ...{
          baseImage: 'ubuntu/focal',
          filetype: 'tgz',
          file: '/x',
          emit: (event) => void events.push(event),
        },
        ...(validated === undefined ? {} : { validated }),
      },
      { resourceId: 1, set: '20261122' },
    );
  await note('custom/a', true);
  await note('b', false);
  appendFileSync(ledgerFile(env), '{"time": "2026');
  await note('c');
  expect(events).toEqual([]);
  const lines = readFileSync(ledgerFile(env), 'utf8').split('\n');
  expect(lines.map((line) => line.slice(0, 2))).toEqual(['{"', '{"', '{"', '{"', '']);
  expect((await readLedger(env)).map(({ name, validated }) => [name, validated])).toEqual([
    ['a', true],
    ['b', false],
    ['c', false],
  ]);
});

test('the entries that another process appends are read, and those of a ledger put in its place', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ledger-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const env = { XDG_STATE_HOME: dir };
  const line = (name: string) =>
    `${JSON.stringify({
      ...{ time: '2026-11-22T00:00:00Z', did: 'completed', target: 'http://maas/MAAS', name, set: '1' },
      ...{ architecture: 'amd64/generic', sha256: 'a'.repeat(64), file: '/x' },
    })}\n`;
  const names = async () => (await readLedger(env)).map(({ name }) => name);
  expect(await names()).toEqual([]);
  mkdirSync(dirname(ledgerFile(env)));
  writeFileSync(ledgerFile(env), line('a'));
  expect(await names()).toEqual(['a']);
  (await readLedger(env)).pop();
  expect(await names()).toEqual(['a']);
  appendFileSync(ledgerFile(env), line('b'));
  expect(await names()).toEqual(['a', 'b']);
  writeFileSync(join(dir, 'other'), line('c') + line('d'));
  renameSync(join(dir, 'other'), ledgerFile(env));
  expect(await names()).toEqual(['c', 'd']);
  rmSync(ledgerFile(env));
  expect(await names()).toEqual([]);
});
