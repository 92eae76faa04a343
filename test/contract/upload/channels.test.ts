import { createHash, randomBytes } from 'node:crypto';
import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { ImageConfig } from '../../../pipeline/config/types.ts';
import { parseApiKey } from '../../../pipeline/maas/api-key.ts';
import type { ChosenTarget } from '../../../pipeline/upload/choose-targets.ts';
import { listImages } from '../../../pipeline/upload/list-images.ts';
import { type ChannelRequest, promote, rollBack } from '../../../pipeline/upload/promote.ts';
import { prune, pruneKept } from '../../../pipeline/upload/prune.ts';
import { Bench } from './bench.ts';

let bench: Bench;
afterEach(() => bench.close());

const image = {
  name: 'dgx1',
  release: 'dgxos5',
  platform: 'dgx1',
  version: '5.0',
  resource: { name: 'custom/{platform}-{version}-{date}-{digest}' },
} as ImageConfig;

const request = (): ChannelRequest => {
  const { emit, signal, env } = bench.request();
  return { image, channel: 'stable', keepIn: join(bench.dir, 'promoted'), emit, signal, env };
};

const chosen = (): ChosenTarget => ({
  target: bench.request().target,
  key: parseApiKey(bench.sandbox.apiKey, 'of the sandbox'),
});

/** Builds and uploads as the pipeline does: every build takes the place of the one before. */
async function build(name: string, validated = true): Promise<string> {
  const data = randomBytes(50_000);
  const sha256 = createHash('sha256').update(data).digest('hex');
  await writeFile(`${bench.file}.new`, data);
  await rename(`${bench.file}.new`, bench.file);
  await bench.upload({ name: `custom/${name}`, sha256, size: data.length, image: 'dgx1', validated });
  return sha256;
}

const shown = async () => {
  const images = await listImages(chosen(), request());
  return images.find(({ name }) => name === 'dgx1-5.0-stable');
};

test.each(['3.4', '3.5', '3.8'])(
  '%s: a channel moves on, goes back, and is never without an image',
  async (family) => {
    bench = await Bench.open({ family });
    const first = await build('dgx1-5.0-1');
    expect(await promote(chosen(), undefined, request())).toMatchObject({
      name: 'dgx1-5.0-stable',
      of: 'dgx1-5.0-1',
    });
    expect(await shown()).toMatchObject({ sha256: first, complete: true });

    const second = await build('dgx1-5.0-2');
    // The move breaks off: the channel shows the old content, whole.
    bench.sandbox.addFault('chunk:*:500');
    bench.sandbox.addFault('create:*:500');
    const impatient = chosen();
    impatient.target = { ...impatient.target, patienceS: 0.1 };
    await expect(promote(impatient, undefined, request())).rejects.toMatchObject({ exitCode: 75 });
    expect(await shown()).toMatchObject({ sha256: first, complete: true });
    bench.sandbox.clearFaults();

    expect(await promote(chosen(), undefined, request())).toMatchObject({ of: 'dgx1-5.0-2' });
    expect(await shown()).toMatchObject({ sha256: second, complete: true });
    expect(await promote(chosen(), undefined, request())).toMatchObject({ skipped: true });

    // The first build's file is long replaced.
    await build('dgx1-5.0-3');
    expect(await rollBack(chosen(), request())).toMatchObject({ of: 'dgx1-5.0-1' });
    expect(await shown()).toMatchObject({ sha256: first, complete: true });
    await expect(rollBack(chosen(), request())).rejects.toMatchObject({ code: 'MAAS_NOT_FOUND' });
  },
);

test('a named build can be promoted; an unknown one names those there are', async () => {
  bench = await Bench.open({ family: '3.5' });
  await build('dgx1-5.0-1');
  await expect(promote(chosen(), 'custom/dgx1-5.0-9', request())).rejects.toMatchObject({
    code: 'MAAS_NOT_FOUND',
    hint: 'There are: dgx1-5.0-1',
  });
  expect(await promote(chosen(), 'custom/dgx1-5.0-1', request())).toMatchObject({ of: 'dgx1-5.0-1' });
});

test('what was uploaded unchecked is not promoted', async () => {
  bench = await Bench.open({ family: '3.5' });
  await build('dgx1-5.0-1', false);
  await expect(promote(chosen(), undefined, request())).rejects.toMatchObject({
    code: 'IMAGE_REJECTED',
    exitCode: 6,
  });
});

test('what is not complete in MAAS is not promoted', async () => {
  bench = await Bench.open({ family: '3.5' });
  await build('dgx1-5.0-1');
  const { createClient } = await import('../../../pipeline/maas/client.ts');
  const { target, key } = chosen();
  const { emit, signal } = request();
  await createClient({ url: target.url, key, caCert: null, emit, signal }).delete('boot-resources/5/');
  await expect(promote(chosen(), undefined, request())).rejects.toMatchObject({ code: 'MAAS_NOT_FOUND' });
});

test('prune says what it would delete, deletes just that, and keeps what channels need', async () => {
  bench = await Bench.open({ family: '3.5' });
  const shas = [];
  for (const n of [1, 2, 3, 4]) {
    shas.push(await build(`dgx1-5.0-${n}`));
    if (n < 3) await promote(chosen(), undefined, request());
  }
  const policy = { keep: 1, days: 0, deployedDays: 30 };
  const { emit, signal, env } = request();
  const run = (dryRun: boolean) => prune(chosen(), { policy, images: undefined, dryRun, emit, signal, env });
  const names = async () => (await listImages(chosen(), request())).map(({ name }) => name);
  const before = await names();
  const goes = (judged: Awaited<ReturnType<typeof run>>) =>
    judged.filter((j) => j.delete).map((j) => j.image.name);

  expect(goes(await run(true))).toEqual(['dgx1-5.0-3']);
  expect(await names()).toEqual(before);
  expect(goes(await run(false))).toEqual(['dgx1-5.0-3']);
  expect(await names()).toEqual(['dgx1-5.0-1', 'dgx1-5.0-2', 'dgx1-5.0-4', 'dgx1-5.0-stable']);
  expect(goes(await run(false))).toEqual([]);

  const { keepIn } = request();
  await writeFile(join(keepIn, 'f'.repeat(64)), 'of no channel any more');
  await pruneKept(keepIn, env);
  expect((await readdir(keepIn)).sort()).toEqual(shas.slice(0, 2).sort());
});
