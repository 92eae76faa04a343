import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { RealRedis } from './redis.ts';
import { NAMESPACE, until, World } from './world.ts';

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

const outcomes = ({ night }: { night: { images: { image: string; status: string }[] } }) =>
  Object.fromEntries(night.images.map(({ image, status }) => [image, status]));

test('a night submits what is not in the store, a worker builds it, and the summary is that of a local night', async () => {
  await world.worker(['one', 'two']);
  const workspace = world.host();
  world.control('one', { until: 'go' });
  const events: Event[] = [];
  const begun = world.night(['one', 'two'], { workspace, events });
  const installing = { type: 'activity', id: 'one/installer', label: 'one: the installer runs' };
  await until(() => events.some((event) => isDeepStrictEqual(event, installing)));
  world.go();
  const first = await begun;
  expect(outcomes(first)).toEqual({ one: 'built', two: 'built' });
  expect(first.warnings).toEqual([]);
  const [image] = first.night.images;
  expect(image?.steps.map(({ step, state }) => [step, state])).toEqual([
    ['sources', 'ran'],
    ['render', 'ran'],
    ['build', 'ran'],
    ['pack', 'ran'],
  ]);
  // One run of each image, so that lines of two images name theirs.
  const whole = first.events.filter(({ type }) => type === 'run-start' || type === 'run-end');
  expect(whole.map(({ type }) => type)).toEqual(['run-start', 'run-start', 'run-end', 'run-end']);

  const again = await world.night(['one', 'two'], { workspace });
  expect(outcomes(again)).toEqual({ one: 'unchanged', two: 'unchanged' });
  // Another host finds all of it in the store.
  const other = await world.night(['one', 'two']);
  expect(outcomes(other)).toEqual({ one: 'updated', two: 'updated' });
  expect([world.runs('build', 'one'), world.runs('build', 'two')]).toEqual([1, 1]);
});

test('a worker of two jobs builds two units at the same time, and a third after them', async () => {
  const images = ['one', 'two', 'three'];
  for (const image of images) world.control(image, { until: 'go' });
  await world.worker(images, { jobs: 2 });
  const night = world.night(images);
  const begun = () => images.filter((image) => world.runs('build', image) === 1).length;
  await until(() => begun() === 2);
  // The time in which a free worker would have begun.
  await sleep(1000);
  expect(begun()).toBe(2);
  world.go();
  expect(outcomes(await night)).toEqual({ one: 'built', two: 'built', three: 'built' });
  expect(begun()).toBe(3);
});

test('a worker of several queues with one job builds one unit at a time, of each queue', async () => {
  const images = ['one', 'two', 'arm-one', 'arm-two'];
  for (const image of images) world.control(image, { until: 'go' });
  const arm = { ...NAMESPACE, architecture: 'arm64' };
  const worker = await world.worker(images, { needs: [NAMESPACE, arm] });
  const night = world.night(images);
  const begun = () => images.filter((image) => world.runs('build', image) > 0).length;
  await until(() => begun() === 1);
  await sleep(1000);
  expect(begun()).toBe(1);
  world.go();
  expect(Object.values(outcomes(await night))).toEqual(images.map(() => 'built'));
  // A unit that was handed back, since the worker was busy, was begun once.
  for (const image of images) expect([image, world.runs('build', image)]).toEqual([image, 1]);
  const spans = worker.said.matchAll(/(\S+): (begins|ends)/g);
  const order = [...spans].map(([, image, what]) => `${what} ${image}`);
  for (let at = 0; at < order.length; at += 2)
    expect(order[at + 1]).toBe(order[at]?.replace('begins', 'ends'));
});

test('following units that wait costs no request for each of them at each look', async () => {
  const images = Array.from({ length: 30 }, (_, i) => `image-${i}`);
  const ended = new AbortController();
  const events: Event[] = [];
  const night = world.night(images, { signal: ended.signal, events });
  // Each reports once that it has no worker.
  const waiting = () => events.filter((event) => /worker/.test(JSON.stringify(event))).length;
  await until(() => waiting() >= images.length);
  const before = await redis.jobLooks();
  // Five looks.
  await sleep(1500);
  expect((await redis.jobLooks()) - before).toBeLessThan(2 * images.length);
  ended.abort();
  await expect(night).rejects.toMatchObject({ code: 'INTERRUPTED' });
});
