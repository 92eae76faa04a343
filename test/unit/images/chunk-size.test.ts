import { expect, test } from 'vitest';
import { CHUNK_SIZES, ChunkSize } from '../../../pipeline/maas/images/chunk-size.ts';

test('it starts with what passes the nginx of MAAS, or with what was learnt', () => {
  expect(new ChunkSize(CHUNK_SIZES, undefined).bytes).toBe(10_485_760);
  expect(new ChunkSize(CHUNK_SIZES, 1_048_576).bytes).toBe(1_048_576);
  expect(new ChunkSize(CHUNK_SIZES, 99_999_999).bytes).toBe(10_485_760);
});

test('a request that the server refuses is not tried again', () => {
  const size = new ChunkSize([100, 40, 10], undefined);
  expect(size.refused()).toBe(true);
  for (let i = 0; i < 100; i += 1) size.passed();
  expect(size.bytes).toBe(40);
  expect(size.refused()).toBe(true);
  expect(size.refused()).toBe(false);
  expect(size.bytes).toBe(10);
});

test('a larger one is never more than the server took the last time', () => {
  const size = new ChunkSize([100, 40, 10], 50);
  size.lower();
  for (let i = 0; i < 100; i += 1) size.passed();
  expect(size.bytes).toBe(50);
});

test('only chunks in a row make a line steady', () => {
  const size = new ChunkSize([100, 40, 10], undefined);
  size.lower();
  for (let i = 0; i < 7; i += 1) size.passed();
  size.lower();
  size.passed();
  expect(size.bytes).toBe(10);
});

test('a line that steadies gets larger chunks again', () => {
  const size = new ChunkSize([100, 40, 10], undefined);
  size.lower();
  size.lower();
  expect(size.bytes).toBe(10);
  for (let i = 0; i < 8; i += 1) size.passed();
  expect(size.bytes).toBe(40);
  for (let i = 0; i < 8; i += 1) size.passed();
  expect(size.bytes).toBe(100);
});
