import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import type { MaasClient } from '../../../pipeline/maas/api/client.ts';
import type { UploadRequest } from '../../../pipeline/maas/images/request.ts';
import { warnOfBrokenUpload, warnOfSharedFile } from '../../../pipeline/maas/images/shared-file.ts';
import { storeChunkSize, storedChunkSize } from '../../../pipeline/maas/images/target-state.ts';
import { chunkSizeFile } from '../../../pipeline/workspace/layout.ts';

interface Other {
  name: string;
  architecture?: string;
  sha256?: string;
  complete?: boolean;
}

/** The messages before the upload of "a" to such a MAAS that has these images. */
async function warned(others: Other[], version = [3, 5]) {
  const raw = (
    { name, architecture = 'amd64/generic', sha256 = 'ours', complete = true }: Other,
    id: number,
  ) => ({
    ...{ id, type: 'Uploaded', name, title: '', architecture },
    sets: {
      '20261122': {
        ...{
          version: '20261122',
          label: 'uploaded',
          size: 1000,
          complete,
          progress: complete ? undefined : 50,
        },
        files: { x: { filename: 'x', filetype: 'root-tgz', sha256, size: 1000, complete } },
      },
    },
  });
  const all = others.map(raw);
  const asked: string[] = [];
  const client = {
    url: 'http://maas:5240/MAAS',
    async get(path: string) {
      asked.push(path);
      return path.startsWith('boot-resources/?') ? all : all[Number(/(\d+)/.exec(path)![1])];
    },
    version: async () => ({ text: version.join('.'), major: version[0], minor: version[1] }),
    notMaas: (path: string, why: string) => new Error(`${path}: ${why}`),
  };
  const events: Event[] = [];
  const emit = (event: Event) => void events.push(event);
  const request = { name: 'custom/a', architecture: 'amd64/generic', sha256: 'ours', emit };
  const found = await warnOfSharedFile(client as unknown as MaasClient, request as unknown as UploadRequest);
  return { ...found, asked, said: events.map((event) => (event.type === 'notice' ? event.message : '')) };
}

describe('other images with the data of an upload', () => {
  const OTHERS = [
    { name: 'a' },
    { name: 'a', architecture: 'arm64/generic' },
    { name: 'c', complete: false },
    { name: 'b' },
    { name: 'd', sha256: 'theirs' },
  ];

  test('are those of another name or architecture; of unfinished ones it is said what is lost', async () => {
    expect(await warned(OTHERS)).toMatchObject({
      complete: ['a', 'b'],
      unfinished: ['c'],
      without: [],
      said: [expect.stringContaining('"c" has the same data and is not complete')],
    });
  });

  test('are not the image itself, which is of that name and architecture', async () => {
    expect((await warned([{ name: 'a' }])).complete).toEqual([]);
    expect((await warned([{ name: 'a', architecture: 'arm64/generic' }])).complete).toEqual(['a']);
  });

  test('are not looked for where no two images share a file', async () => {
    expect(await warned(OTHERS, [3, 4])).toEqual({
      complete: [],
      unfinished: [],
      without: [],
      asked: [],
      said: [],
    });
  });

  test('have no file for a while where it is written again', async () => {
    expect(await warned([{ name: 'b' }], [3, 8])).toMatchObject({
      without: ['b'],
      said: [expect.stringContaining('"b" cannot be deployed until "a" is complete')],
    });
    expect(await warned([{ name: 'c', sha256: 'theirs' }], [3, 8])).toMatchObject({ without: [], said: [] });
    expect(await warned([{ name: 'b' }], [3, 7])).toMatchObject({ without: [], said: [] });
  });

  test('may have none when the upload breaks off', () => {
    const events: Event[] = [];
    warnOfBrokenUpload([], (event) => events.push(event));
    expect(events).toEqual([]);
    warnOfBrokenUpload(['b', 'c'], (event) => events.push(event));
    expect(events).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/^"b", "c" may have no data/) }),
    ]);
  });
});

describe('the size of a chunk that passed', () => {
  const DAY = 24 * 3600_000;
  const NOW = Date.parse('2026-11-29T10:00:00Z');
  test.each<[string, unknown, number | undefined]>([
    ['a moment ago', { bytes: 5, at: new Date(NOW).toISOString() }, 5],
    ['six days ago', { bytes: 5, at: new Date(NOW - 6 * DAY).toISOString() }, 5],
    ['a millisecond before a week ago', { bytes: 5, at: new Date(NOW - 7 * DAY + 1).toISOString() }, 5],
    ['a week ago', { bytes: 5, at: new Date(NOW - 7 * DAY).toISOString() }, undefined],
    ['none', { bytes: 0, at: new Date().toISOString() }, undefined],
    ['half a byte', { bytes: 0.5, at: new Date().toISOString() }, undefined],
    ['text', 'x', undefined],
  ])('%s', async (_what, stored, expected) => {
    const dir = mkdtempSync(join(tmpdir(), 'chunk-'));
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
    onTestFinished(() => {
      vi.useRealTimers();
      rmSync(dir, { recursive: true });
    });
    mkdirSync(dirname(chunkSizeFile(dir)), { recursive: true });
    writeFileSync(chunkSizeFile(dir), JSON.stringify(stored));
    expect(await storedChunkSize(dir)).toBe(expected);
    await storeChunkSize(dir, 7);
    expect(await storedChunkSize(dir)).toBe(7);
  });
});
