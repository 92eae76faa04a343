import { existsSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RealRedis } from './redis.ts';
import { ORIGIN, until, World } from './world.ts';

let redis: RealRedis;
let world: World;
beforeAll(async () => {
  redis = await RealRedis.start();
});
afterAll(() => redis?.close());
beforeEach(async () => {
  world = await World.begin(redis);
});
afterEach(() => world.end());

const statuses = ({ night }: { night: { images: { status: string }[] } }) =>
  night.images.map(({ status }) => status);

describe('a worker that is killed with -9', () => {
  test.each([
    ['build', { render: 1, build: 2, pack: 1 }],
    ['pack', { render: 1, build: 1, pack: 2 }],
  ] as const)('in %s: another continues from the store', async (stage, times) => {
    world.control('one', { in: stage, until: 'go' });
    const first = await world.worker(['one']);
    const night = world.night(['one']);
    await until(() => world.runs(stage, 'one') === 1);
    await first.kill('SIGKILL');
    world.go();
    await world.worker(['one']);
    const ended = await night;
    expect(statuses(ended)).toEqual(['built']);
    expect(ended.night.images[0]?.steps.map(({ step, state }) => `${step} ${state}`)).toContain(
      `${stage} ran`,
    );
    for (const [name, count] of Object.entries(times))
      expect([name, world.runs(name, 'one')]).toEqual([name, count]);
  });
});

describe('Redis', () => {
  test('restarted, and away for a moment: the build continues and is seen to its end', async () => {
    world.control('one', { until: 'go' });
    await world.worker(['one']);
    const night = world.night(['one']);
    await until(() => world.runs('build', 'one') === 1);
    await world.redis.down();
    await sleep(700);
    await world.redis.up();
    world.go();
    const ended = await night;
    expect(statuses(ended)).toEqual(['built']);
    expect(ended.warnings).toEqual([expect.stringContaining('The connection to the queue')]);
    expect(world.runs('build', 'one')).toBe(1);
  });

  test('away for longer than the lock: a second worker may begin, and the night has one result', async () => {
    world.control('one', { until: 'go' });
    const first = await world.worker(['one']);
    const night = world.night(['one']);
    await until(() => world.runs('build', 'one') === 1);
    await world.redis.down();
    await sleep(2500);
    await world.redis.up();
    await until(() => first.said.includes('the lock has ended'));
    world.go();
    expect(statuses(await night)).toEqual(['built']);
    expect(world.runs('build', 'one')).toBe(1);
  });
});

test('a store that is away when a build ends is waited for, and nothing is built twice', async () => {
  world.control('one', { until: 'go' });
  const worker = await world.worker(['one']);
  const night = world.night(['one']);
  await until(() => world.runs('build', 'one') === 1);
  const share = dirname(world.store);
  renameSync(share, `${share}.away`);
  world.go();
  await until(() => worker.said.includes('waits for the store'));
  renameSync(`${share}.away`, share);
  expect(statuses(await night)).toEqual(['built']);
  expect([world.runs('build', 'one'), world.runs('pack', 'one')]).toEqual([1, 1]);
});

test('two submitters of one night: the image is in the queue once, and both see its end', async () => {
  world.control('one', { until: 'go' });
  await world.worker(['one']);
  const nights = [world.night(['one'], { force: true }), world.night(['one'], { force: true })];
  await until(() => world.runs('build', 'one') === 1);
  await sleep(300);
  world.go();
  expect((await Promise.all(nights)).map(statuses)).toEqual([['built'], ['built']]);
  expect(world.runs('build', 'one')).toBe(1);
});

test('an interrupted night is followed when it is started again', async () => {
  world.control('one', { until: 'go' });
  await world.worker(['one']);
  const workspace = world.host();
  const abort = new AbortController();
  const left = world.night(['one'], { workspace, signal: abort.signal });
  left.catch(() => {});
  await until(() => world.runs('build', 'one') === 1);
  abort.abort();
  await expect(left).rejects.toMatchObject({ code: 'INTERRUPTED' });
  // It would build the same once more, if the night did not find the unit whose first stages have been made meanwhile.
  await world.worker(['one']);
  const again = world.night(['one'], { workspace });
  await sleep(1500);
  world.go();
  const ended = await again;
  expect(ended.night.continued).toBe(true);
  expect(statuses(ended)).toEqual(['built']);
  expect(world.runs('build', 'one')).toBe(1);
});

test.each([
  [
    'program',
    { ...ORIGIN, version: '0.9.0', program: 'c'.repeat(64) },
    'runs another program: version 0.9.0, the unit is for 1.0.0',
  ],
  ['configuration', { ...ORIGIN, config: 'c'.repeat(64) }, 'has another configuration file'],
] as const)(
  'a worker with another %s is named and takes nothing; a fitting one builds',
  async (_, origin, why) => {
    await world.worker(['one'], { origin });
    const night = world.night(['one']);
    await sleep(1000);
    expect(world.runs('render', 'one')).toBe(0);
    await world.worker(['one']);
    const ended = await night;
    expect(statuses(ended)).toEqual(['built']);
    expect(ended.warnings).toEqual([expect.stringContaining(why)]);
  },
);

test('no worker for a need: the submitter reports what there is', async () => {
  await world.worker(['one'], { needs: [{ way: 'kvm', architecture: 'arm64', iso: null }] });
  const night = world.night(['one']);
  await sleep(500);
  await world.worker(['one']);
  expect((await night).warnings).toEqual([
    'one: waits in the queue: no worker serves namespace (there are kvm-arm64)',
  ]);
});

describe('a poison unit', () => {
  test('that fails is begun again, and after its tries the night continues without it', async () => {
    world.control('bad', { fail: 'BUILD_FAILED' });
    await world.worker(['bad', 'good']);
    const ended = await world.night(['bad', 'good']);
    expect(statuses(ended)).toEqual(['failed', 'built']);
    expect(ended.night.images[0]?.failure).toMatchObject({
      step: 'build',
      code: 'BUILD_FAILED',
      message: expect.stringContaining('build of bad fails as it should'),
      hint: 'Nothing to do.',
    });
    expect(world.runs('build', 'bad')).toBe(3);
  });

  test('that the checks or the configuration refuse is not begun again', async () => {
    world.control('bad', { fail: 'CONFIG_INVALID' });
    await world.worker(['bad']);
    expect((await world.night(['bad'])).night.images[0]?.failure).toMatchObject({
      code: 'CONFIG_INVALID',
      exitCode: 3,
    });
    expect(world.runs('build', 'bad')).toBe(1);
  });

  test('that kills its process each time', async () => {
    world.control('bad', { crash: true });
    await world.worker(['bad']);
    const ended = await world.night(['bad'], { tries: 2 });
    expect(ended.night.images[0]?.failure).toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringContaining('SIGKILL'),
    });
    expect(world.runs('build', 'bad')).toBe(2);
  });

  test('that takes its worker along each time ends, too', async () => {
    world.control('bad', { until: 'never' });
    const night = world.night(['bad'], { tries: 2 });
    for (const times of [1, 2]) {
      const worker = await world.worker(['bad']);
      await until(() => world.runs('build', 'bad') === times);
      await worker.kill('SIGKILL');
    }
    await world.worker(['bad']);
    expect((await night).night.images[0]?.failure).toMatchObject({
      code: 'UNIT_ABANDONED',
      message: expect.stringContaining('2 times its worker was lost'),
    });
    expect(world.runs('build', 'bad')).toBe(2);
  });
});

describe('a worker that is asked to end', () => {
  test('finishes within its grace, and takes nothing more', async () => {
    world.control('one', { until: 'go' });
    const worker = await world.worker(['one', 'two']);
    const night = world.night(['one', 'two']);
    await until(() => world.runs('build', 'one') + world.runs('build', 'two') >= 1);
    worker.child.kill('SIGTERM');
    await until(() => worker.said.includes('hands back what is not finished'));
    world.go();
    await until(() => worker.said.includes('"why":"drained"'));
    await world.worker(['one', 'two']);
    expect(statuses(await night)).toEqual(['built', 'built']);
    expect([world.runs('build', 'one'), world.runs('build', 'two')]).toEqual([1, 1]);
  });

  test('hands back what is not finished then, at once and without a lost try', async () => {
    world.control('one', { until: 'go' });
    const worker = await world.worker(['one'], { graceMs: 100 });
    const night = world.night(['one'], { tries: 1 });
    await until(() => world.runs('build', 'one') === 1);
    await worker.kill('SIGTERM');
    expect(worker.said).toContain('"why":"drained"');
    world.go();
    await world.worker(['one']);
    expect(statuses(await night)).toEqual(['built']);
    expect([world.runs('render', 'one'), world.runs('build', 'one')]).toEqual([1, 2]);
    expect(existsSync(join(world.store, 'records'))).toBe(true);
  });
});
