// Chunks of several pieces: the next one is under way, all but its end, while MAAS works on one.
import { open } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { Bench } from './bench.ts';

let bench: Bench;
afterEach(() => bench.close());

const MB = 1 << 20;
const SIZE = 6 * MB + 777;
/** The sizes of chunks that are as they should be on the server: five whole ones, and the rest. */
const tuning = { chunkSizes: [MB, MB / 2, MB / 4] };
const chunks = () => bench.sandbox.requests.filter(({ kind }) => kind === 'chunk');

/**
 * Uploads, and looks at the server meanwhile.
 * @returns the chunks that were seen under way behind another one, by their numbers, and the most bytes of one that was
 */
async function uploaded(family: '3.4' | '3.5' | '3.8', faults: string[]) {
  bench = await Bench.open({ family, faults }, SIZE);
  const seen = new Set<number>();
  let most = 0;
  const look = () => {
    const [one, next] = chunks().slice(-2);
    if (one?.status !== null || next?.status !== null || next.received === 0) return;
    // Nothing more comes of a cut connection.
    if (one.fault?.includes('reset')) return;
    seen.add(next.number);
    most = Math.max(most, next.received);
  };
  const timer = setInterval(look, 5);
  try {
    await bench.upload({}, tuning);
  } finally {
    clearInterval(timer);
  }
  return { seen, most };
}

test.each(['3.4', '3.5', '3.8'] as const)(
  'MAAS %s gets the next chunk while it works on one, and its end only after the answer',
  async (family) => {
    const { seen, most } = await uploaded(family, ['chunk:*:late:0.1']);
    expect(seen.size).toBeGreaterThan(3);
    expect(most).toBe(MB / 2);
    expect(chunks().map(({ received, status }) => [received, status])).toEqual([
      ...Array(6).fill([MB, 200]),
      [777, 200],
    ]);
    expect(new Set(chunks().map(({ connection }) => connection)).size).toBeLessThanOrEqual(3);
    await bench.expectWhole();
  },
);

test('a line that is slower than the file: no byte of a chunk is overwritten by the next one', async () => {
  await uploaded('3.5', ['chunk:2:slow:4000000', 'chunk:3:slow:9000000', 'chunk:5:slow:4000000']);
  await bench.expectWhole();
});

test('a chunk that is cut before its turn is sent again without a word, and from then on one after the other', async () => {
  const { seen } = await uploaded('3.5', ['chunk:2:late:0.2', 'chunk:3:reset', 'chunk:5+:late:0.1']);
  expect([...seen].every((number) => number <= chunks()[2]!.number)).toBe(true);
  expect(chunks().map(({ status }) => status)).toEqual([200, 200, null, 200, 200, 200, 200, 200]);
  expect(bench.notices()).toEqual([]);
  await bench.expectWhole();
});

test.each(['503', 'lost', '500', 'disk-full'])(
  'bytes of the next chunk count for nothing when one ends by %s',
  async (fault) => {
    await uploaded('3.5', [`chunk:2:${fault}`, 'chunk:1:late:0.1']);
    await bench.expectWhole();
    // Nothing of the one behind is complete: MAAS never sees it.
    expect(chunks()[2]!.received).toBeLessThan(MB);
  },
);

test('a file that changes under way is found out before MAAS has its last byte', async () => {
  bench = await Bench.open({ family: '3.5', faults: ['chunk:*:late:0.1'] }, SIZE);
  const upload = expect(bench.upload({}, tuning)).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
  while (chunks().length < 2) await new Promise(setImmediate);
  const file = await open(bench.file, 'r+');
  await file.write(Buffer.from('changed'), 0, 7, 5 * MB);
  await file.close();
  await upload;
  expect(chunks().filter(({ received, status }) => received === 777 && status === 200)).toEqual([]);
});

test('an interruption ends both requests', async () => {
  bench = await Bench.open({ family: '3.5', faults: ['chunk:*:late:5'] }, SIZE);
  const abort = new AbortController();
  const upload = bench.upload({ signal: abort.signal }, tuning);
  const failed = expect(upload).rejects.toMatchObject({ code: 'INTERRUPTED' });
  while (!(chunks()[1]?.received === MB / 2)) await new Promise((resolve) => setTimeout(resolve, 5));
  const began = performance.now();
  abort.abort();
  await failed;
  expect(performance.now() - began).toBeLessThan(1000);
  expect(chunks()).toHaveLength(2);
});
