import { afterEach, beforeEach, expect, test } from 'vitest';
import { World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await World.begin();
});
afterEach(() => world.end());

const outcomes = ({ night }: { night: { images: { image: string; status: string }[] } }) =>
  Object.fromEntries(night.images.map(({ image, status }) => [image, status]));

test('a night submits what is not in the store, a worker builds it, and the summary is that of a local night', async () => {
  await world.worker(['one', 'two']);
  const workspace = world.host();
  const first = await world.night(['one', 'two'], { workspace });
  expect(outcomes(first)).toEqual({ one: 'built', two: 'built' });
  expect(first.warnings).toEqual([]);
  const [image] = first.night.images;
  expect(image?.steps.map(({ step, state }) => [step, state])).toEqual([
    ['sources', 'ran'],
    ['render', 'ran'],
    ['build', 'ran'],
    ['pack', 'ran'],
  ]);
  expect(first.events).toContainEqual({
    type: 'activity',
    id: 'one/installer',
    label: 'one: the installer runs',
  });

  const again = await world.night(['one', 'two'], { workspace });
  expect(outcomes(again)).toEqual({ one: 'unchanged', two: 'unchanged' });
  // Another host finds all of it in the store.
  const other = await world.night(['one', 'two']);
  expect(outcomes(other)).toEqual({ one: 'updated', two: 'updated' });
  expect([world.runs('build', 'one'), world.runs('build', 'two')]).toEqual([1, 1]);
});
