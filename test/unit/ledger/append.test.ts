import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
