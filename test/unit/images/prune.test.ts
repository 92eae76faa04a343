import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { promote } from '../../../pipeline/maas/images/promote.ts';
import { type PruneRequest, prune, pruneKept } from '../../../pipeline/maas/images/prune.ts';
import { renewChannel } from '../../../pipeline/maas/images/renew.ts';
import { readLedger } from '../../../pipeline/workspace/ledger/ledger.ts';
import { ChannelBench, STABLE } from './channel-bench.ts';
import { inMaas } from './entries.ts';

vi.mock('../../../pipeline/maas/api/client.ts', async () => ({
  createClient: (await import('./fake-maas.ts')).clientOf,
}));

const NONE = { keep: 0, days: 0, deployedDays: 0 };
let bench: ChannelBench;
beforeEach(() => {
  bench = new ChannelBench();
});

const run = (more: Partial<PruneRequest> = {}) =>
  prune(bench.chosen, { policy: NONE, images: undefined, dryRun: false, ...bench.session, ...more });
const deletedOf = (pruned: Awaited<ReturnType<typeof run>>) =>
  pruned.flatMap((one) => (one.delete ? [one.image.name] : [])).sort();
const there = () => bench.maas.resources.map(({ name }) => name).sort();

describe('an old upload', () => {
  test('is deleted and noted, and with --dry-run only named', async () => {
    await bench.build('one');
    bench.maas.has('foreign', Buffer.from('of another host'));
    expect(deletedOf(await run({ dryRun: true }))).toEqual(['one']);
    expect([there(), bench.maas.deletes]).toEqual([['foreign', 'one'], []]);
    expect(deletedOf(await run())).toEqual(['one']);
    expect(there()).toEqual(['foreign']);
    expect((await readLedger(bench.env)).map(({ did, name }) => `${did} ${name}`)).toEqual([
      ...['completed one', 'pruned one'],
    ]);
  });

  test('is that of the images that are named; other uploads are not even listed', async () => {
    await bench.build('a', { image: 'first' });
    await bench.build('b', { image: 'second' });
    const { image: _, ...nameless } = await bench.build('c');
    await bench.note(nameless);
    const pruned = await run({ images: ['first'] });
    expect(pruned.map(({ image }) => image.name)).toEqual(['a']);
    expect(there()).toEqual(['b', 'c']);
    expect((await run({ images: [] })).length).toBe(0);
    expect((await run({ dryRun: true })).map(({ image }) => image.name).sort()).toEqual(['b', 'c']);
  });
});

describe('old sets of a channel', () => {
  const asked: string[] = [];
  const channels = () => ({
    keepIn: bench.keepIn,
    confirm: async (text: string) => {
      asked.push(text);
    },
  });
  const setsOf = (name: string) => bench.maas.resources.find((one) => one.name === name)?.sets.length;
  beforeEach(() => {
    asked.length = 0;
  });

  /** A channel that has held two builds. */
  async function twoPromotions(version: string): Promise<void> {
    bench = new ChannelBench(version);
    for (const name of ['one', 'two']) {
      await bench.build(name);
      await promote(bench.chosen, undefined, bench.request());
    }
    expect(setsOf(STABLE)).toBe(2);
  }

  test.each<[string, number, number]>([
    ['3.4.0', 1, 0],
    ['3.5.0', 1, 1],
    ['3.8.0', 2, 0],
  ])('%s: leaves %d of two, after %d questions', async (version, left, questions) => {
    await twoPromotions(version);
    const policy = { ...NONE, keep: 9 };
    // Without the build of the older set, its data is freed.
    bench.maas.resources.splice(0, 1);
    const before = bench.maas.creates.length;
    const pruned = await run({ policy, channels: channels() });
    const renewal = pruned.find(({ image }) => image.name === STABLE)!.renewal;
    expect([renewal?.oldSets, renewal?.done]).toEqual([1, left === 1 ? true : undefined]);
    expect([setsOf(STABLE), asked.length]).toEqual([left, questions]);
    expect(bench.maas.creates.length - before).toBe(2 - left);
  });

  test('stay where nothing is freed: another image has the same data', async () => {
    await twoPromotions('3.4.0');
    await run({ policy: { ...NONE, keep: 9 }, channels: channels() });
    expect(setsOf(STABLE)).toBe(2);
  });

  test('stay with --dry-run, and where channels are not meant', async () => {
    await twoPromotions('3.4.0');
    bench.maas.resources.splice(0, 1);
    const policy = { ...NONE, keep: 9 };
    for (const more of [{ dryRun: true, channels: channels() }, {}]) {
      const pruned = await run({ policy, ...more });
      expect(pruned.find(({ image }) => image.name === STABLE)!.renewal).toMatchObject({ oldSets: 1 });
      expect(setsOf(STABLE)).toBe(2);
    }
  });

  test('stay while a machine is being deployed from them, and without a promotion from here', async () => {
    await twoPromotions('3.4.0');
    const ledger = await readLedger(bench.env);
    const renew = (deploying: string[] | undefined, entries = ledger) =>
      renewChannel(bench.chosen, inMaas(STABLE, 2, { deploying }), entries, bench.request());
    expect(await renew(['gpu1', 'gpu2'])).toBe(false);
    expect(bench.notices.at(-1)).toBe(`${STABLE} keeps its old sets: gpu1, gpu2 is being deployed from it`);
    expect(await renew([], [])).toBe(false);
    expect(setsOf(STABLE)).toBe(2);
    expect(await renew(undefined)).toBe(true);
    expect(setsOf(STABLE)).toBe(1);
  });
});

test('kept artifacts go once no channel holds them or could go back to them', async () => {
  for (const name of ['one', 'two', 'three']) {
    await bench.build(name);
    await promote(bench.chosen, undefined, bench.request());
  }
  writeFileSync(join(bench.keepIn, 'f'.repeat(64)), 'of no channel');
  expect(readdirSync(bench.keepIn)).toHaveLength(4);
  await pruneKept(bench.keepIn, bench.env);
  const entries = await readLedger(bench.env);
  const held = entries.filter(({ did }) => did === 'promoted').map(({ sha256 }) => sha256);
  expect(readdirSync(bench.keepIn).sort()).toEqual(held.slice(-2).sort());
  // There is none yet.
  const none = join(bench.dir, 'none');
  await pruneKept(none, bench.env);
  expect(existsSync(none)).toBe(false);
  mkdirSync(none);
  await pruneKept(none, bench.env);
});
