import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { ImageConfig } from '../../../pipeline/config/types.ts';
import { parseApiKey } from '../../../pipeline/maas/api/api-key.ts';
import type { ChosenTarget } from '../../../pipeline/maas/images/choose-targets.ts';
import { listImages } from '../../../pipeline/maas/images/list-images.ts';
import { type ChannelRequest, promote, rollBack } from '../../../pipeline/maas/images/promote.ts';
import { prune, pruneKept } from '../../../pipeline/maas/images/prune.ts';
import { Bench } from './bench.ts';

let bench: Bench;
afterEach(() => bench.close());

const image = {
  name: 'dgx1',
  release: 'dgxos5',
  platform: 'dgx1',
  version: '5.0',
  resource: { name: 'custom/{platform}-{version}-{date}-{digest}', architecture: 'amd64/generic' },
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
    // The move breaks off: the channel holds the old build, whole.
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

test('an upload without checks is not promoted', async () => {
  bench = await Bench.open({ family: '3.5' });
  await build('dgx1-5.0-1', false);
  await expect(promote(chosen(), undefined, request())).rejects.toMatchObject({
    code: 'IMAGE_REJECTED',
    exitCode: 6,
  });
});

test('an upload that is incomplete in MAAS is not promoted', async () => {
  bench = await Bench.open({ family: '3.5' });
  await build('dgx1-5.0-1');
  const { createClient } = await import('../../../pipeline/maas/api/client.ts');
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

describe("a channel's record of earlier promotions", () => {
  const blobs = async () =>
    (await readdir(join(bench.dir, 'maas/blobs'))).filter((name) => !name.endsWith('.incomplete')).sort();
  const run = (more: { yes?: boolean; channels?: boolean; dryRun?: boolean } = {}, target = chosen()) => {
    const { emit, signal, env, keepIn } = request();
    const asked: string[] = [];
    const confirm = async (text: string) => {
      asked.push(text);
      if (more.yes === false) throw new Error('no');
    };
    const policy = { keep: 0, days: 0, deployedDays: 0 };
    const channels = more.channels === false ? undefined : { keepIn, confirm };
    const pruned = prune(target, {
      ...{ policy, images: undefined, channels, dryRun: more.dryRun === true, emit, signal, env },
    });
    return { pruned, asked };
  };
  const stable = (pruned: Awaited<ReturnType<typeof prune>>) =>
    pruned.find(({ image }) => image.name === 'dgx1-5.0-stable');

  async function threePromotions(family: string): Promise<string[]> {
    bench = await Bench.open({ family });
    const shas = [];
    for (const n of [1, 2, 3]) {
      shas.push(await build(`dgx1-5.0-${n}`));
      await promote(chosen(), undefined, request());
    }
    return shas;
  }

  test.each(['3.4', '3.5.3', '3.7'])(
    '%s: sets are shown, and what is freed is what goes from the disk',
    async (family) => {
      const shas = await threePromotions(family);
      expect((await shown())?.sets.map(({ sha256 }) => sha256)).toEqual(shas.toReversed());
      // The first build goes, and its content stays: the channel has a set of it.
      const dry = await run({ dryRun: true, channels: false }).pruned;
      expect(dry.find(({ image }) => image.name === 'dgx1-5.0-1')).toMatchObject({ delete: true, frees: 0 });
      expect(stable(dry)?.renewal).toMatchObject({ oldSets: 2, frees: 50_000 });
      await run({ channels: false }).pruned;
      expect(await blobs()).toEqual(shas.map((sha) => `sha256-${sha}`).sort());
    },
  );

  test('3.4: a channel lets go of old sets in one request, and is complete all the time', async () => {
    const shas = await threePromotions('3.4');
    await run({ channels: false }).pruned;
    const sent = bench.sandbox.counts.chunk;
    const { pruned, asked } = run();
    expect(stable(await pruned)?.renewal).toMatchObject({ how: 'at-once', frees: 50_000, done: true });
    expect([asked, bench.sandbox.counts.chunk]).toEqual([[], sent]);
    expect(await shown()).toMatchObject({ sha256: shas[2], complete: true });
    expect(await blobs()).toEqual(
      shas
        .slice(1)
        .map((sha) => `sha256-${sha}`)
        .sort(),
    );
  });

  test.each(['3.5.0', '3.5.3', '3.7'])(
    '%s: the content is sent again, after a question; a no changes nothing',
    async (family) => {
      const shas = await threePromotions(family);
      const before = bench.sandbox.counts.create;
      await expect(run({ yes: false }).pruned).rejects.toThrow('no');
      expect([bench.sandbox.counts.create, bench.sandbox.counts.delete]).toEqual([before, undefined]);
      const { pruned, asked } = run();
      expect(stable(await pruned)?.renewal).toMatchObject({ how: 'sent-again', frees: 50_000, done: true });
      expect(asked.join()).toContain('the channel cannot be deployed');
      expect(await shown()).toMatchObject({ sha256: shas[2], complete: true, sets: [{ sha256: shas[2] }] });
      expect(await blobs()).toEqual(
        shas
          .slice(1)
          .map((sha) => `sha256-${sha}`)
          .sort(),
      );
      expect(await rollBack(chosen(), request())).toMatchObject({ of: 'dgx1-5.0-2' });
    },
  );

  test('3.5: broken off in the middle, promoting again fills the channel', async () => {
    const shas = await threePromotions('3.5');
    bench.sandbox.addFault('chunk:*:500');
    const impatient = chosen();
    impatient.target = { ...impatient.target, patienceS: 0.1 };
    await expect(run({}, impatient).pruned).rejects.toMatchObject({ exitCode: 75 });
    expect(await shown()).toMatchObject({ complete: false });
    bench.sandbox.clearFaults();
    await promote(chosen(), undefined, request());
    expect(await shown()).toMatchObject({ sha256: shas[2], complete: true });
  });

  test('3.8: it is not offered, since every image of the content would lose it', async () => {
    await threePromotions('3.8');
    const { pruned } = run();
    expect(stable(await pruned)?.renewal).toMatchObject({
      how: 'never',
      why: expect.stringContaining('3.8'),
    });
  });
});

test('a kept file that is damaged is made anew of the artifact beside it', async () => {
  bench = await Bench.open({ family: '3.5' });
  const sha256 = await build('dgx1-5.0-1');
  const { keepIn } = request();
  const path = join(keepIn, sha256);
  await mkdir(keepIn, { recursive: true });
  for (const damage of [Buffer.alloc(50_000), Buffer.from('short'), Buffer.alloc(0)]) {
    await rm(path, { force: true });
    await writeFile(path, damage);
    expect(await promote(chosen(), undefined, request())).toMatchObject({ of: 'dgx1-5.0-1' });
    const kept = await readFile(path);
    expect(createHash('sha256').update(kept).digest('hex')).toBe(sha256);
  }
  expect(await readdir(keepIn)).toEqual([sha256]);
  // Neither is good: nothing is sent, and the channel holds what it held.
  await rm(path);
  await writeFile(path, Buffer.alloc(50_000));
  await writeFile(bench.file, Buffer.alloc(50_000));
  await expect(promote(chosen(), undefined, request())).rejects.toMatchObject({ code: 'UPLOAD_MISSING' });
  expect(await shown()).toMatchObject({ sha256, complete: true });
});
