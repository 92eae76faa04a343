import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Bench, CHUNK } from './bench.ts';

let bench: Bench;
afterEach(() => bench.close());

const deletes = () => bench.sandbox.requests.filter(({ method }) => method === 'DELETE').length;
const stored = () => readFileSync(join(bench.dir, `maas/blobs/sha256-${bench.sha256}`));

/** Two chunks arrive, then the server errs until the retry budget is used up. */
async function stopHalfway(name: string): Promise<void> {
  bench.sandbox.addFault('chunk:3+:500');
  await expect(bench.upload({ name, patienceS: 0.1 })).rejects.toMatchObject({ exitCode: 75 });
  bench.sandbox.clearFaults();
}

// LocalBootResourceFile of the tags 3.5.0, 3.5.3, 3.5.13, 3.6.0 and 3.7.3 was run with these steps: FileNotFoundError in all.
describe.each(['3.5.0', '3.5.3', '3.5', '3.6', '3.7'])('MAAS %s keeps one file for one content', (family) => {
  test('an upload that another name has ended begins anew, and both are whole', async () => {
    bench = await Bench.open({ family });
    await stopHalfway('custom/first');
    expect(await bench.upload({ name: 'custom/second' })).toMatchObject({ sent: bench.data.length });
    expect(bench.notices().join()).toContain('"first" has the same data and is not complete');

    // One chunk meets the error; the rest is the whole file.
    expect(await bench.upload({ name: 'custom/first' })).toMatchObject({ sent: bench.data.length + CHUNK });
    expect(bench.notices().join()).toContain('the upload starts again');
    // The unfinished one alone was deleted.
    expect(deletes()).toBe(1);
    expect(stored().equals(bench.data)).toBe(true);
    for (const name of ['custom/first', 'custom/second'])
      expect(await bench.upload({ name })).toMatchObject({ skipped: true });
  });

  test('beside an older content in use a new set begins: nothing is deleted', async () => {
    bench = await Bench.open({ family });
    const old = randomBytes(3 * CHUNK);
    const file = join(bench.dir, 'old.tar.gz');
    await writeFile(file, old);
    const sha256 = createHash('sha256').update(old).digest('hex');
    const channel = { name: 'custom/stable' };
    await bench.upload({ ...channel, file, size: old.length, sha256 });
    await stopHalfway(channel.name);
    await bench.upload({ name: 'custom/second' });
    const result = await bench.upload(channel);
    expect(result).toMatchObject({ name: 'stable', sha256: bench.sha256 });
    expect(deletes()).toBe(0);
    expect(readFileSync(join(bench.dir, `maas/blobs/sha256-${sha256}`)).equals(old)).toBe(true);
    expect(stored().equals(bench.data)).toBe(true);
  });
});

test('an error without the words, twice at one place, counts as the same when the content came under another name', async () => {
  bench = await Bench.open({ family: '3.7' });
  await stopHalfway('custom/first');
  await bench.upload({ name: 'custom/second' });
  for (const n of [1, 2]) bench.sandbox.addFault(`chunk:${n}:500`);
  await bench.upload({ name: 'custom/first' });
  expect(deletes()).toBe(1);
  expect(stored().equals(bench.data)).toBe(true);
});

test('errors at one place do not begin an upload anew whose content another name had from the beginning', async () => {
  bench = await Bench.open({ family: '3.7' });
  await bench.upload({ name: 'custom/first' });
  for (const n of [3, 4, 5, 6]) bench.sandbox.addFault(`chunk:${n}:500`);
  expect(await bench.upload({ name: 'custom/second' })).toMatchObject({
    sent: bench.data.length + 4 * CHUNK,
  });
  expect(deletes()).toBe(0);
});

test('errors at one place alone do not begin an upload anew', async () => {
  bench = await Bench.open({ family: '3.5.3' });
  for (const n of [3, 4, 5]) bench.sandbox.addFault(`chunk:${n}:500`);
  await bench.upload();
  expect(deletes()).toBe(0);
  await bench.expectWhole();
});

test('two URLs of one MAAS are one MAAS: the second upload waits for the first', async () => {
  bench = await Bench.open({ family: '3.5.3' });
  const { target } = bench.request();
  const alias = { ...target, name: 'alias', url: bench.sandbox.url.replace('127.0.0.1', 'localhost') };
  await Promise.all([
    bench.upload({ name: 'custom/first' }),
    bench.upload({ name: 'custom/second', target: alias }),
  ]);
  const order = bench.sandbox.requests.filter(({ kind }) => kind === 'chunk').map(({ path }) => path);
  expect(order.length).toBe(12);
  expect(new Set(order.slice(0, 6)).size).toBe(1);
  expect(new Set(order.slice(6)).size).toBe(1);
  expect(stored().equals(bench.data)).toBe(true);
});
