import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { kernelParts } from '../../../pipeline/image/diff/kernels.ts';
import { describeBuilt } from '../../../pipeline/image/diff/workspace.ts';
import { evidenceFile, recordFile, stageFolder } from '../../../pipeline/workspace/layout.ts';
import { writeRecord } from '../../../pipeline/workspace/record.ts';
import { whole } from './facts.ts';

const [kernel] = whole().kernels!;

test.each<[object, string]>([
  [{}, 'vmlinuz, initrd, modules, nvidia.ko'],
  [{ image: null }, 'initrd, modules, nvidia.ko'],
  [{ initrd: null }, 'vmlinuz, modules, nvidia.ko'],
  [{ modulesDep: false }, 'vmlinuz, initrd, modules without modules.dep, nvidia.ko'],
  [{ modules: false }, 'vmlinuz, initrd, nvidia.ko'],
  [{ nvidia: false }, 'vmlinuz, initrd, modules'],
  [{ image: null, initrd: null, modules: false, nvidia: false }, 'nothing'],
])('a kernel with %j has: %s', (change, parts) => {
  expect(kernelParts({ ...kernel!, ...change })).toBe(parts);
});

test.each([
  [false, false],
  [true, false],
  [false, true],
  [true, true],
])('an image is built when it has its record (%s) and its facts (%s)', async (record, facts) => {
  const dir = mkdtempSync(join(tmpdir(), 'built-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const evidence = evidenceFile(stageFolder(dir, 'pack'));
  for (const path of [evidence, recordFile(dir, 'pack')]) mkdirSync(dirname(path), { recursive: true });
  if (facts) writeFileSync(evidence, JSON.stringify({ facts: whole() }));
  const artifact = { path: join(dir, 'x'), manifest: 'x', sha256: 'a'.repeat(64), size: 1, date: '20260101' };
  if (record)
    await writeRecord(dir, {
      ...{ stage: 'pack', fingerprint: 'x', inputs: {} as never, files: [], summary: 'x', seconds: 1 },
      ...{ data: { artifact }, finishedAt: '2026-01-01T00:00:00.000Z' },
    });
  const built = describeBuilt(dir, 'img');
  if (record && facts) expect(await built).toMatchObject({ sha256: artifact.sha256, size: 1 });
  else await expect(built).rejects.toMatchObject({ code: 'IMAGE_NOT_BUILT' });
});
