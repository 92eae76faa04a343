import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Finding, verdictOf } from '../../../pipeline/image/checks/judge.ts';
import { quarantined } from '../../../pipeline/maas/acceptance/quarantined.ts';
import { readAcceptances } from '../../../pipeline/maas/acceptance/read-results.ts';
import type { Acceptance } from '../../../pipeline/maas/acceptance/types.ts';
import { acceptanceFile, acceptFolder, stageFolder } from '../../../pipeline/workspace/layout.ts';

const SHA = 'a'.repeat(64);
const finding = (id: string, severity: Finding['severity'], status: Finding['status']): Finding => ({
  ...{ number: 1, id, title: `${id} is well`, severity, status, found: 'x' },
  ...{ headline: `${id} is wrong`, why: 'w', fix: `mend ${id}` },
});
const acceptance = (target: string, more: Partial<Acceptance> = {}): Acceptance => ({
  ...{ format: 1, accepted: true, image: 'dgx1', name: 'dgx1-5.0', sha256: SHA, size: 1, target },
  ...{ url: 'http://maas/MAAS', startedAt: '2026-11-22T10:00:00.000Z', seconds: 1, deployS: 1, sshS: 1 },
  machine: { systemId: 'a', hostname: 'gpu01', address: null, hostKeys: [] },
  checks: 'c',
  verdict: verdictOf([], 'dgxos5', 'ubuntu/focal'),
  logs: [],
  released: 'released',
  ...more,
});

test('the acceptances of an artifact are those of its content, each in the folder of its target', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'results-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const write = (folder: string, text: string) => {
    const file = acceptanceFile(acceptFolder(stageFolder(dir, 'accept'), folder));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  expect(await readAcceptances(dir, SHA)).toEqual([]);
  write('lab', JSON.stringify(acceptance('lab')));
  write('home', JSON.stringify(acceptance('home', { accepted: false })));
  write('older', JSON.stringify(acceptance('older', { sha256: 'b'.repeat(64) })));
  write('moved', JSON.stringify(acceptance('lab')));
  write('damaged', '{"format": 1');
  expect((await readAcceptances(dir, SHA)).map(({ target }) => target)).toEqual(['home', 'lab']);
  expect(await readAcceptances(dir, undefined)).toEqual([]);
});

test('a quarantined image names the blockers that failed, and no other finding', () => {
  const findings = [
    finding('deploys', 'blocker', 'pass'),
    finding('units', 'blocker', 'fail'),
    finding('noise', 'warning', 'fail'),
  ];
  const verdict = verdictOf(findings, 'dgxos5', 'ubuntu/focal');
  const fault = quarantined([acceptance('lab', { verdict })]);
  expect(fault.message).toBe('dgx1-5.0 failed its acceptance on gpu01 and is quarantined');
  expect(fault.detail).toBe('units: units is wrong\n  fix:   mend units');
});
