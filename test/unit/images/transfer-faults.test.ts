import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { storedChunkSize } from '../../../pipeline/maas/images/target-state.ts';
import { answered, FakeMaas, unreachable } from './fake-maas.ts';
import { CHUNK, DATA, NAME, TransferBench } from './transfer-bench.ts';

/** Throws before the chunks of these numbers. */
const at =
  (chunks: readonly number[], fault: () => Error) =>
  (chunk: number): void => {
    if (chunks.includes(chunk)) throw fault();
  };
const always = (fault: () => Error) => () => {
  throw fault();
};
const busy = () => answered(503);
const error500 = () => answered(500, 'an error');
const OTHER = Buffer.from('what this name had before');
/** Another upload of the same data is new in MAAS once the third chunk comes. */
const takenAway = (bench: TransferBench, then: (chunk: number) => void) => (chunk: number) => {
  if (chunk === 3) bench.maas.has('second', DATA);
  then(chunk);
};

test('a chunk that was stored though its answer was lost is not sent again', async () => {
  const bench = new TransferBench();
  bench.maas.after = at([2], unreachable);
  expect(await bench.upload()).toMatchObject({ sent: DATA.length });
  expect(bench.lengths).toEqual([100, 100, 100, 100, 100, 7]);
});

test('a fault of the program ends it at once', async () => {
  const bench = new TransferBench();
  const thrown = new TypeError('a fault of the program');
  bench.maas.before = at([2], () => thrown);
  await expect(bench.upload()).rejects.toBe(thrown);
  expect(bench.lengths.length).toBe(2);
});

test('a file that has changed is removed from MAAS, where it could never be completed', async () => {
  const bench = new TransferBench();
  writeFileSync(bench.file, Buffer.from(DATA).fill(0));
  await expect(bench.upload()).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
  expect([bench.lengths, bench.maas.deletes, bench.maas.resources]).toEqual([
    [100, 100, 100, 100, 100],
    ['boot-resources/1/'],
    [],
  ]);
});

describe('the size of a chunk', () => {
  // Enough for the size that passed lately to be tried larger.
  const small = { chunkSizes: [40, 20, 10] };

  test('413: is smaller for good, and remembered for the next upload', async () => {
    const bench = new TransferBench();
    bench.maas.before = at([1], () => answered(413));
    await bench.upload({}, small);
    expect(new Set(bench.lengths.slice(1, -1))).toEqual(new Set([20]));
    expect(await storedChunkSize(bench.dir)).toBe(20);
  });

  test('413 to the smallest is the end', async () => {
    const bench = new TransferBench();
    bench.maas.before = always(() => answered(413));
    await expect(bench.upload({}, small)).rejects.toMatchObject({ status: 413 });
    expect(bench.lengths).toEqual([40, 20, 10]);
  });

  const expired = () => answered(401, 'Expired timestamp');

  test('signed too long ago: is smaller for a while, and nothing is remembered', async () => {
    const bench = new TransferBench();
    bench.maas.before = at([1], expired);
    await bench.upload({}, small);
    expect(bench.lengths.slice(0, 11)).toEqual([40, ...Array(9).fill(20), 40]);
    expect(await storedChunkSize(bench.dir)).toBeUndefined();
  });

  test('signed too long ago with the smallest is the end', async () => {
    const bench = new TransferBench();
    bench.maas.before = always(expired);
    await expect(bench.upload({}, small)).rejects.toMatchObject({ code: 'MAAS_UNAUTHORIZED' });
    expect(bench.lengths).toEqual([40, 20, 10]);
  });

  test.each<[string, () => Error, number[], number[]]>([
    ['three cuts in a row', unreachable, [1, 2, 3], [100, 100, 100, 50]],
    ['two cuts in a row, twice', unreachable, [1, 2, 4, 5], [100, 100, 100, 100, 100, 100]],
    ['three busy answers in a row', busy, [1, 2, 3], [100, 100, 100, 100]],
  ])('after %s', async (_what, fault, chunks, lengths) => {
    const bench = new TransferBench();
    bench.maas.before = at(chunks, fault);
    await bench.upload();
    expect(bench.lengths.slice(0, lengths.length)).toEqual(lengths);
    expect(await storedChunkSize(bench.dir)).toBeUndefined();
  });

  test('is smaller after an answer that took too long', async () => {
    const bench = new TransferBench();
    await bench.upload({}, { slowChunkMs: 0 });
    expect(bench.lengths.slice(0, 4)).toEqual([100, 100, 50, 25]);
  });
});

test('MAAS that calls the file complete before it reports so is waited for, and sent nothing more', async () => {
  const bench = new TransferBench(new FakeMaas('3.5.0', 2));
  bench.maas.has(NAME, DATA, 2 * CHUNK);
  let complete = false;
  bench.maas.before = () => {
    complete = true;
    throw answered(400, 'Cannot upload to a complete file.');
  };
  // Its progress stays behind.
  const get = bench.maas.get.bind(bench.maas);
  let asked = 0;
  bench.maas.get = async (path) => {
    if (complete) asked += 1;
    if (asked > 3) bench.maas.resources[0]!.sets[0]!.complete = true;
    return get(path);
  };
  await bench.upload();
  expect(bench.lengths).toEqual([100]);
  // 200 of 507 bytes.
  expect(bench.notes).toEqual(['sent; MAAS reports 39 %', 'complete']);
});

test('an image that MAAS calls complete, and that is deleted then, is sent from its beginning like any other', async () => {
  const bench = new TransferBench();
  bench.maas.has(NAME, DATA, 2 * CHUNK);
  bench.maas.before = (chunk) => {
    if (chunk === 1) {
      bench.maas.resources.length = 0;
      throw answered(400, 'Cannot upload to a complete file.');
    }
    at([3], busy)(chunk);
  };
  await bench.upload();
  expect(bench.lengths).toEqual([100, 100, 100, 100, 100, 100, 100, 7]);
});

test('a line that fails at every chunk gets through: only a standstill uses up the patience', async () => {
  const bench = new TransferBench();
  // Each first try of a chunk; 40 failures in a row would be too many.
  bench.maas.before = (chunk) => {
    if (chunk % 2 === 1) throw busy();
  };
  await bench.upload({}, { chunkSizes: [13] });
  expect(bench.lengths).toHaveLength(78);
});

describe('bytes in MAAS that are not the beginning of the file', () => {
  const rows: [string, () => Error][] = [
    ['too much', () => answered(400, 'Too much data received.')],
    ['wrong sum', () => answered(400, 'Saved content does not match given SHA256 value')],
    ['part gone', () => answered(500, "No such file or directory: '/x.incomplete'")],
  ];
  test.each(rows)('are removed, and all is sent again: %s', async (_what, fault) => {
    const bench = new TransferBench();
    bench.maas.before = at([3], fault);
    expect(await bench.upload()).toMatchObject({ sent: 3 * CHUNK + DATA.length });
    expect(bench.maas.deletes).toEqual(['boot-resources/1/']);
    expect(bench.notices).toMatch(/; the upload starts again$/);
  });

  test('are removed twice at most', async () => {
    const bench = new TransferBench();
    bench.maas.before = always(rows[1]![1]);
    await expect(bench.upload()).rejects.toMatchObject({ code: 'UPLOAD_MISMATCH' });
    expect([bench.maas.deletes.length, bench.maas.creates.length]).toEqual([2, 3]);
  });

  test.each([
    ['3.4.0', false],
    ['3.5.0', true],
  ])('%s, beside data in use: a new set in their place: %s', async (version, replaced) => {
    const bench = new TransferBench(new FakeMaas(version));
    bench.maas.has(NAME, OTHER);
    bench.maas.before = at([3], rows[1]![1]);
    const uploaded = bench.upload();
    if (replaced) expect(await uploaded).toMatchObject({ set: '20261201.2' });
    else await expect(uploaded).rejects.toMatchObject({ code: 'UPLOAD_MISMATCH' });
    expect([bench.maas.deletes, bench.maas.resources[0]?.sets[0]?.data]).toEqual([[], OTHER]);
  });

  test('3.8, where another image has the same data: expected, so that only that is reported', async () => {
    const bench = new TransferBench(new FakeMaas('3.8.0'));
    bench.maas.has('first', DATA);
    bench.maas.before = at([1], rows[0]![1]);
    await bench.upload();
    expect(bench.maas.deletes).toEqual(['boot-resources/2/']);
    expect(bench.notices).not.toContain('starts again');
    expect(bench.notices).toContain(`"first" cannot be deployed until "${NAME}" is complete`);
  });
});

describe('an upload that breaks off, of data that 3.8 writes again', () => {
  const damage = '"first" may have no data in MAAS now, which still reports it as complete';
  test.each<[string, (bench: TransferBench) => void, boolean]>([
    ['after some bytes', ({ maas }) => (maas.before = at([3], () => answered(400, 'no'))), true],
    ['before the first', ({ maas }) => (maas.post = async () => Promise.reject(answered(400, 'no'))), false],
  ])('%s', async (_when, breakOff, reported) => {
    const bench = new TransferBench(new FakeMaas('3.8.0'));
    bench.maas.has('first', DATA);
    breakOff(bench);
    await expect(bench.upload()).rejects.toMatchObject({ code: 'MAAS_REFUSED' });
    expect(bench.notices.includes(damage)).toBe(reported);
  });
});

describe('an error of the server', () => {
  test('500 at one place again and again is waited for as long as the patience', async () => {
    const bench = new TransferBench();
    bench.maas.before = (chunk) => {
      if (chunk > 2) throw error500();
    };
    await expect(bench.upload()).rejects.toMatchObject({ code: 'MAAS_BUSY' });
    expect(bench.maas.deletes).toEqual([]);
  });

  test.each<[string, string, () => Error, number[], number]>([
    ['500 twice at one place', '3.7.0', error500, [3, 4], 1],
    ['500 once', '3.7.0', error500, [3], 0],
    ['500 at two places', '3.7.0', error500, [3, 5], 0],
    ['500 twice at one place, where 3.8 continues with what it has', '3.8.0', error500, [3, 4], 0],
    ['503 twice at one place', '3.7.0', busy, [3, 4], 0],
  ])('while the same data came under another name: %s', async (_what, version, fault, chunks, deletes) => {
    const bench = new TransferBench(new FakeMaas(version));
    bench.maas.before = takenAway(bench, at(chunks, fault));
    await bench.upload();
    expect(bench.maas.deletes.length).toBe(deletes);
  });

  test('500 twice before the first byte is not that', async () => {
    const bench = new TransferBench(new FakeMaas('3.7.0'));
    bench.maas.before = (chunk) => {
      if (chunk === 1) bench.maas.has('second', DATA);
      at([1, 2], error500)(chunk);
    };
    await bench.upload();
    expect(bench.maas.deletes).toEqual([]);
  });

  test.each<[string, number, number[], number]>([
    ['where an earlier run stopped: nobody knows since when', 2 * CHUNK, [1, 2], 1],
    ['later in an upload that an earlier run began', 2 * CHUNK, [2, 3], 0],
    ['in an upload that this run began', 0, [3, 4], 0],
  ])(
    '500 twice while the same data was there from the beginning: %s',
    async (_what, have, chunks, deletes) => {
      const bench = new TransferBench(new FakeMaas('3.7.0'));
      bench.maas.has('second', DATA);
      if (have > 0) bench.maas.has(NAME, DATA, have);
      bench.maas.before = at(chunks, error500);
      await bench.upload();
      expect(bench.maas.deletes.length).toBe(deletes);
    },
  );
});

describe('an image that somebody deletes meanwhile', () => {
  const deletedAt = (bench: TransferBench, chunks: readonly number[]) => (chunk: number) => {
    if (chunks.includes(chunk)) bench.maas.resources.length = 0;
  };
  test('is made again, twice', async () => {
    const bench = new TransferBench();
    bench.maas.before = deletedAt(bench, [2, 4]);
    await bench.upload();
    expect(bench.maas.creates.length).toBe(3);
  });

  test('is not made a third time', async () => {
    const bench = new TransferBench();
    bench.maas.before = deletedAt(bench, [2, 4, 6]);
    await expect(bench.upload()).rejects.toMatchObject({ code: 'MAAS_NOT_FOUND' });
    expect(bench.maas.creates.length).toBe(3);
  });
});

test('an interruption ends the wait for the next try', async () => {
  const bench = new TransferBench();
  const interrupted = new Fault('INTERRUPTED', 'ended');
  bench.maas.before = at([2], () => interrupted);
  await expect(bench.upload()).rejects.toBe(interrupted);
  expect(bench.lengths.length).toBe(2);
});
