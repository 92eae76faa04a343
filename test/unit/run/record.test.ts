import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recordFile } from '../../../pipeline/workspace/layout.ts';
import {
  changedOutput,
  describeFiles,
  readRecord,
  type StageRecord,
  writeRecord,
} from '../../../pipeline/workspace/record.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'record-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const record = (more: Partial<StageRecord> = {}) => ({
  ...{ stage: 'iso', fingerprint: 'f', inputs: {}, data: {}, files: [], summary: 's', seconds: 1 },
  finishedAt: '2026-11-22T10:00:00.000Z',
  ...more,
});

async function write(more: Partial<StageRecord> = {}) {
  mkdirSync(dirname(recordFile(dir, 'iso')), { recursive: true });
  await writeRecord(dir, record(more));
  return JSON.parse(readFileSync(recordFile(dir, 'iso'), 'utf8'));
}

describe('the record of a stage', () => {
  test('keeps paths in the image’s folder relative, and others as they are', async () => {
    const data = { medium: { path: '/srv/a.iso' }, kernel: join(dir, 'iso/vmlinuz'), initrd: null };
    const files = ['/srv/a.iso', join(dir, 'iso/vmlinuz')].map((path) => ({ path, size: 1, mtimeMs: 1 }));
    const stored = await write({ data, files });
    expect(stored.data).toEqual({ medium: { path: '/srv/a.iso' }, kernel: 'iso/vmlinuz', initrd: null });
    expect(stored.files.map(({ path }: { path: string }) => path)).toEqual(['/srv/a.iso', 'iso/vmlinuz']);
    expect(await readRecord(dir, 'iso')).toMatchObject({ data, files });
  });

  test('finds what lies outside where it is now, by the member that names it', async () => {
    const files = ['/srv/a.iso', '/srv/b.iso'].map((path) => ({ path, size: 1, mtimeMs: 1 }));
    await write({ data: { medium: { path: '/srv/a.iso' }, kernel: 'k' }, files });
    const outside = { 'medium.path': '/mnt/a.iso', kernel: '/mnt/k' };
    const read = await readRecord(dir, 'iso', outside);
    expect(read?.data).toEqual({ medium: { path: '/mnt/a.iso' }, kernel: join(dir, 'k') });
    expect(read?.files.map(({ path }) => path)).toEqual(['/mnt/a.iso', '/srv/b.iso']);
  });

  test.each<[string, (stored: StageRecord) => object]>([
    ['leads out of the folder', (stored) => ({ ...stored, data: { kernel: '../x' } })],
    ['is of another stage', (stored) => ({ ...stored, stage: 'render' })],
    ['is of another format', (stored) => ({ ...stored, format: 1 })],
    ['has not all members', ({ summary: _, ...rest }) => rest],
  ])('is none when it %s', async (_what, edit) => {
    const stored = await write();
    expect(await readRecord(dir, 'iso')).toMatchObject({ stage: 'iso' });
    writeFileSync(recordFile(dir, 'iso'), JSON.stringify(edit(stored)));
    expect(await readRecord(dir, 'iso')).toBeUndefined();
  });

  test('may name what only looks as if it led out', async () => {
    const stored = await write();
    writeFileSync(recordFile(dir, 'iso'), JSON.stringify({ ...stored, data: { kernel: '..x' } }));
    expect((await readRecord(dir, 'iso'))?.data).toEqual({ kernel: join(dir, '..x') });
    expect((await write({ data: { kernel: dirname(dir) } })).data).toEqual({ kernel: dirname(dir) });
  });
});

describe('an output of a stage', () => {
  const lengthen = (path: string) => {
    writeFileSync(path, 'abcd');
    utimesSync(path, 1000.5, 1000.5);
  };
  const changed = async (edit: (path: string) => void, mtimeMs?: number) => {
    const path = join(dir, 'out');
    writeFileSync(path, 'abc');
    utimesSync(path, 1000.5, 1000.5);
    const [file] = await describeFiles(dir, ['out']);
    edit(path);
    return changedOutput(dir, {
      files: [{ ...file!, mtimeMs: mtimeMs ?? file!.mtimeMs }],
    } as unknown as StageRecord);
  };

  test.each<[string, (path: string) => void, string | undefined, number?]>([
    ['as it was', () => {}, undefined],
    ['gone', (path) => rmSync(path), 'out is gone'],
    ['longer', lengthen, 'out was changed'],
    ['newer', (path) => utimesSync(path, 1001.75, 1001.75), 'out was changed'],
    ['rounded to a second by an archive', (path) => utimesSync(path, 1000, 1000), undefined],
    ['a second older', (path) => utimesSync(path, 999, 999), 'out was changed'],
    ['off by less than a millisecond', () => {}, undefined, 1_000_500.9],
    ['off by a millisecond', () => {}, 'out was changed', 1_000_501],
  ])('that is %s', async (_what, edit, said, mtimeMs) => {
    expect(await changed(edit, mtimeMs)).toBe(said);
  });

  test('outside of the folder is named in full', async () => {
    const files = [{ path: '/none/x', size: 1, mtimeMs: 1 }];
    expect(await changedOutput(dir, { files } as unknown as StageRecord)).toBe('/none/x is gone');
  });
});
