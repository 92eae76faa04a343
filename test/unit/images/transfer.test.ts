import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { lastAnswerMs, TUNING } from '../../../pipeline/maas/images/tuning.ts';
import { answered, FakeMaas } from './fake-maas.ts';
import { CHUNK, DATA, NAME, TransferBench } from './transfer-bench.ts';

const WHOLE = [CHUNK, CHUNK, CHUNK, CHUNK, CHUNK, 7];
const OTHER = Buffer.from('what this name had before');

describe.each(['3.4.0', '3.5.0'])('MAAS %s', (version) => {
  test('takes a new file chunk by chunk, and the last one may be answered late', async () => {
    const bench = new TransferBench(new FakeMaas(version));
    expect(await bench.upload()).toMatchObject({
      name: NAME,
      sent: DATA.length,
      skipped: false,
      resourceId: 1,
    });
    expect(bench.lengths).toEqual(WHOLE);
    const late = lastAnswerMs(TUNING, DATA.length);
    expect(bench.maas.puts.map(({ answerMs }) => answerMs)).toEqual([...Array(5).fill(undefined), late]);
    expect(bench.maas.resources[0]?.sets).toMatchObject([{ complete: true, data: DATA }]);
    expect([bench.notices, bench.activities, bench.notes.at(-1)]).toEqual(['', 0, 'complete']);
    expect(await bench.ledger()).toEqual(['started 20261201.1']);
  });

  test('is sent nothing of what it has whole, unless it is sent anew', async () => {
    const bench = new TransferBench(new FakeMaas(version));
    bench.maas.has(NAME, DATA);
    expect(await bench.upload()).toMatchObject({ sent: 0, skipped: true, set: '20261101' });
    expect([bench.lengths, bench.maas.creates, bench.notes]).toEqual([[], [], ['already there']]);
    const anew = await bench.upload({ anew: true });
    expect([anew.set, bench.maas.creates.length, bench.maas.resources.length]).toEqual(['20261201.1', 1, 1]);
    expect(bench.maas.creates[0]).not.toHaveProperty('keep_old');
  });

  test('is sent the rest of what an earlier run began, which is read from the beginning for its sum', async () => {
    const bench = new TransferBench(new FakeMaas(version));
    bench.maas.has(NAME, DATA, 2 * CHUNK);
    expect(await bench.upload()).toMatchObject({ sent: DATA.length - 2 * CHUNK, skipped: false });
    expect(bench.lengths).toEqual(WHOLE.slice(2));
    expect([bench.activities, bench.maas.creates]).toEqual([1, []]);
  });

  test('keeps other data of the name in use until the new set is whole', async () => {
    const bench = new TransferBench(new FakeMaas(version));
    bench.maas.has(NAME, OTHER);
    await bench.upload();
    expect(bench.notices).toBe(
      `"${NAME}" has other data in MAAS, which stays in use until the new set is complete`,
    );
    expect(bench.maas.creates).toMatchObject([{ keep_old: true }]);
    expect(bench.maas.resources[0]?.sets).toMatchObject([{ data: OTHER }, { data: DATA, complete: true }]);
  });
});

test('sent anew with another base image, it is refused before anything in use is replaced', async () => {
  const bench = new TransferBench(new FakeMaas('3.4.0'));
  await bench.upload({ baseImage: 'ubuntu/jammy' });
  const anew = bench.upload({ baseImage: 'ubuntu/focal', anew: true });
  await expect(anew).rejects.toMatchObject({ code: 'MAAS_REFUSED' });
  expect([bench.maas.creates.length, bench.maas.resources[0]?.sets.length]).toEqual([1, 1]);
});

test('3.4 has the same data of another name at once', async () => {
  const bench = new TransferBench(new FakeMaas('3.4.0'));
  bench.maas.has('other', DATA);
  expect(await bench.upload()).toMatchObject({ sent: 0, skipped: true });
  expect(bench.lengths).toEqual([]);
  expect(await bench.ledger()).toEqual(['started 20261201.1']);
});

describe('regions that still copy', () => {
  test('are waited for, and what they report is shown', async () => {
    const bench = new TransferBench(new FakeMaas('3.5.0', 3));
    bench.maas.copying = 4;
    await bench.upload();
    expect(bench.lengths).toEqual(WHOLE);
    expect(bench.notes).toEqual(['sent; MAAS reports 33 %', 'complete']);
  });

  test('are waited for no longer than the patience', async () => {
    const bench = new TransferBench(new FakeMaas('3.5.0', 2));
    bench.maas.copying = Number.POSITIVE_INFINITY;
    await expect(bench.upload()).rejects.toMatchObject({
      code: 'MAAS_BUSY',
      message: `MAAS has all data of "custom/${NAME}" and does not report it as complete`,
    });
    expect(bench.lengths).toEqual(WHOLE);
  });
});

describe('3.8 with its one streamed request', () => {
  test('has the whole file at once', async () => {
    const bench = new TransferBench(new FakeMaas('3.8.0'));
    bench.maas.streamed = () => {};
    expect(await bench.upload()).toMatchObject({ sent: DATA.length, skipped: false });
    expect([bench.maas.streams, bench.lengths, bench.maas.creates]).toEqual([[DATA.length], [], []]);
  });

  test('is asked for chunks where the name is there already: the stream would replace what is in use', async () => {
    const bench = new TransferBench(new FakeMaas('3.8.0'));
    bench.maas.streamed = () => {};
    bench.maas.has(NAME, OTHER);
    await bench.upload();
    expect([bench.maas.streams, bench.lengths]).toEqual([[], WHOLE]);
  });

  test('is asked for chunks where a word of the image does not fit into a header', async () => {
    const bench = new TransferBench(new FakeMaas('3.8.0'));
    bench.maas.streamed = () => {};
    await bench.upload({ title: 'DGX™' });
    expect([bench.maas.streams, bench.lengths]).toEqual([[], WHOLE]);
  });

  test('that fails once is not tried again: chunks can be resumed', async () => {
    const bench = new TransferBench(new FakeMaas('3.8.0'));
    bench.maas.streamed = () => {
      throw answered(503);
    };
    expect(await bench.upload()).toMatchObject({ sent: 2 * DATA.length });
    expect([bench.maas.streams.length, bench.lengths]).toEqual([1, WHOLE]);
    expect(bench.notices).toMatch(/^Sending in one stream failed: .*; continuing in chunks/);
  });

  test.each([
    ['an interruption', new Fault('INTERRUPTED', 'ended')],
    ['a fault of the program', new TypeError('a fault of the program')],
  ])('ends with %s, and says nothing of chunks', async (_what, thrown) => {
    const bench = new TransferBench(new FakeMaas('3.8.0'));
    bench.maas.streamed = () => {
      throw thrown;
    };
    await expect(bench.upload()).rejects.toBe(thrown);
    expect([bench.notices, bench.lengths]).toEqual(['', []]);
  });

  test('ends with a file that has changed meanwhile', async () => {
    const bench = new TransferBench(new FakeMaas('3.8.0'));
    bench.maas.streamed = () => {};
    writeFileSync(bench.file, Buffer.from(DATA).fill(0));
    await expect(bench.upload()).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
    expect([bench.notices, bench.lengths]).toEqual(['', []]);
  });
});
