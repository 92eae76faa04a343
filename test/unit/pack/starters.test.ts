import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Starter } from '../../../pipeline/host/process/starter.ts';
import { Starters } from '../../../pipeline/image/pack/starters.ts';

let dir: string;
let starters: Starters;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'starters-'));
  const { signal } = new AbortController();
  starters = new Starters({ tool: 'libdeflate-gzip', version: '1' }, 'fast', {
    ...{ count: 2, folder: dir, signal },
  });
});
afterEach(async () => {
  await starters.close();
  rmSync(dir, { recursive: true });
});

const MB = 1 << 20;
/** Blocks of so many megabytes; only their length counts. */
const blocks = (...sizes: number[]) => sizes.map((size) => ({ block: { length: size * MB } }));

/** Shares blocks; gives the lengths of each part in megabytes, in the order of their starts. */
async function shared(...sizes: number[]): Promise<{ parts: number[][]; at: number; by: Set<Starter> }> {
  const parts: number[][] = [];
  const by = new Set<Starter>();
  let [now, at] = [0, 0];
  await starters.share(blocks(...sizes), async (part, starter) => {
    parts.push(part.map(({ block }) => block.length / MB));
    by.add(starter);
    at = Math.max(at, ++now);
    await sleep(5);
    now -= 1;
  });
  return { parts, at, by };
}

test('blocks are shared in order, in parts of 3 MiB and more, by as many as there are', async () => {
  expect(await shared(1, 1, 1, 1, 2, 4, 0.5)).toMatchObject({
    parts: [[1, 1, 1], [1, 2], [4], [0.5]],
    at: 2,
    by: { size: 2 },
  });
});

test('one small block is one start, none is none', async () => {
  expect((await shared(0.25)).parts).toEqual([[0.25]]);
  expect((await shared()).parts).toEqual([]);
});

test('all blocks are one start where others wait', async () => {
  const first = shared(3, 3, 3);
  const second = shared(3, 3, 3);
  expect((await first).parts).toEqual([[3], [3], [3]]);
  expect((await second).parts).toEqual([[3, 3, 3]]);
});

test('a failure is thrown when all parts have ended, and the next blocks find all idle', async () => {
  let ended = 0;
  const share = starters.share(blocks(3, 3, 3, 3), async () => {
    await sleep(2);
    ended += 1;
    if (ended === 1) throw new Error('the first');
  });
  await expect(share).rejects.toThrow('the first');
  expect(ended).toBe(4);
  expect(await shared(3, 3, 3)).toMatchObject({ parts: [[3], [3], [3]], at: 2 });
});

test('the tool has the level and the names in its folder', async () => {
  writeFileSync(join(dir, 'one-0'), 'bytes '.repeat(100));
  await starters.share(blocks(1), async (_part, starter) => {
    expect(await starter.run(['one-0'])).toEqual({ exitCode: 0, said: '' });
    expect(await starter.run(['one-1'])).toMatchObject({ exitCode: 1 });
  });
});
