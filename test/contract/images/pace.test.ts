import { afterEach, expect, test } from 'vitest';
import { Bench, CHUNK } from './bench.ts';

let bench: Bench;
afterEach(() => bench.close());

/** Bytes of each chunk that came whole. */
const chunks = () =>
  bench.sandbox.requests
    .filter(({ kind, fault }) => kind === 'chunk' && !fault)
    .map(({ received }) => received);

test('chunks whose answers take too long are followed by smaller ones, after the one that is under way', async () => {
  bench = await Bench.open({ family: '3.5' });
  await bench.upload({}, { slowChunkMs: 0 });
  expect(chunks().slice(0, 5)).toEqual([CHUNK, CHUNK, CHUNK / 2, CHUNK / 4, CHUNK / 8]);
  await bench.expectWhole();
});

test('a line that breaks three times at one place carries a smaller chunk', async () => {
  bench = await Bench.open({ family: '3.5', faults: ['put:1:reset', 'put:2:reset', 'put:3:reset'] });
  await bench.upload();
  expect(chunks()[0]).toBe(CHUNK / 2);
  await bench.expectWhole();
});

test('one that breaks now and then keeps its chunks: only cuts in a row count', async () => {
  const faults = ['put:1:reset', 'put:2:reset', 'put:4:reset', 'put:5:reset', 'put:7:reset'];
  bench = await Bench.open({ family: '3.5', faults });
  await bench.upload();
  expect(chunks().slice(0, -1)).toEqual(Array(5).fill(CHUNK));
  await bench.expectWhole();
});
