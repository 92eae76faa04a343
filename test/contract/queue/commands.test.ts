import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { QueueClient } from '../../../pipeline/queue/client.ts';
import { originOf } from '../../../pipeline/queue/origin.ts';
import { CLI } from '../../cli.ts';
import { Host } from '../cli/host.ts';
import { type SmallIso, smallInstaller } from '../many/installer.ts';
import { PASSWORD, RealRedis } from './redis.ts';
import { atTerminal } from './terminal.ts';
import { NAMESPACE, ORIGIN, type TestWorker, until, World } from './world.ts';

// The real command line on a real Redis, with workers whose builds last as long as a test needs.
let redis: RealRedis;
let host: Host;
let iso: SmallIso;
let world: World;
beforeAll(async () => {
  redis = await RealRedis.start();
  host = new Host({ DGXOS_MAAS_QUEUE_PASSWORD: PASSWORD, DGXOS_MAAS_QUEUE: redis.url });
  iso = await smallInstaller(host.dir);
}, 120_000);
afterAll(async () => {
  await redis?.close();
  host?.remove();
});
beforeEach(async () => {
  world = await World.begin(redis);
  const image = {
    ...{ release: 'demo', platform: 'demo1', version: '1.0', install: 'namespace' },
    iso: { source: iso.path, sha256: iso.sha256 },
  };
  writeFileSync(configFile(), JSON.stringify({ store: world.store, images: { one: image } }));
});
afterEach(() => world.end());

const configFile = () => join(host.dir, 'dgxos-maas.yaml');

async function status() {
  const { json } = await host.run(['--json', 'queue', 'status']);
  return json as { units: { image: string; state: string; why: string | null; tries: number }[] };
}

describe('queue drain', () => {
  test('takes out the waiting units whose image fits, and no other', async () => {
    const connection = await world.connect();
    const client = new QueueClient(connection);
    for (const image of ['dgx1', 'dgx2', 'other'])
      await client.submit({
        ...{ format: 1, ...ORIGIN, image, need: NAMESPACE, stage: 'build', fingerprint: image },
        ...{ builtSince: null, tries: 3, lostBefore: 0 },
      });
    await client.close();
    const taken = await host.run(['queue', 'drain', 'dgx*']);
    expect([taken.code, taken.stdout]).toEqual([0, 'Taken out of the queue: dgx1, dgx2\n']);
    expect((await status()).units.map(({ image }) => image)).toEqual(['other']);
    expect((await host.run(['--json', 'queue', 'drain'])).json).toEqual({ ok: true, images: ['other'] });
    expect((await host.run(['queue', 'drain'])).stdout).toBe('No unit was waiting.\n');
  });

  test('leaves what has begun, and the night goes on without what was taken out', async () => {
    world.control('one', { until: 'go' });
    await world.worker(['one', 'two']);
    const one = world.night(['one']);
    await until(() => world.runs('build', 'one') === 1);
    const two = world.night(['two']);
    await until(async () => (await status()).units.some(({ image }) => image === 'two'));
    expect((await host.run(['--json', 'queue', 'drain'])).json.images).toEqual(['two']);
    world.go();
    expect((await one).night.images[0]?.status).toBe('built');
    expect((await two).night.images[0]?.failure).toMatchObject({ code: 'UNIT_CANCELLED' });
    expect(world.runs('build', 'two')).toBe(0);
  });
});

test('queue retry gives a failed unit all its tries again', async () => {
  world.control('bad', { fail: 'BUILD_FAILED' });
  await world.worker(['bad']);
  await world.night(['bad'], { tries: 2 });
  expect((await status()).units).toMatchObject([
    { image: 'bad', state: 'failed', tries: 2, why: expect.stringContaining('fails as it should') },
  ]);
  expect((await host.run(['queue', 'retry', 'other*'])).stdout).toBe('No unit has failed.\n');
  expect((await host.run(['queue', 'retry', 'b*'])).stdout).toBe('In the queue again: bad\n');
  await until(() => world.runs('build', 'bad') === 4);
  await until(async () => (await status()).units[0]?.state === 'failed');
  world.control('bad', {});
  expect((await host.run(['--json', 'queue', 'retry'])).json).toEqual({ ok: true, images: ['bad'] });
  await until(async () => (await status()).units.length === 0);
  expect([world.runs('build', 'bad'), world.runs('pack', 'bad')]).toEqual([5, 1]);
});

describe('Ctrl-C at the terminal of a night', () => {
  const QUESTION = 'Cancel, or leave them to the workers? [c/L] ';
  const night = (script: [string, string][]) =>
    atTerminal(host, [process.execPath, CLI, 'nightly', '--no-upload'], script);

  /** A worker that takes the unit of the real night, and builds until the test goes on. */
  async function worker(): Promise<TestWorker> {
    world.control('one', { until: 'go' });
    const needs = [{ ...NAMESPACE, iso: iso.sha256 }];
    return world.worker(['one'], { origin: await originOf(configFile()), needs });
  }

  test('cancels: the worker ends the build, and is free', async () => {
    const { said, child } = await worker().then((started) => ({
      said: () => started.said,
      child: started.child,
    }));
    const { code, shown } = await night([
      ['the installer runs', '\x03'],
      [QUESTION, 'c\r'],
    ]);
    expect([code, shown]).toEqual([130, expect.stringContaining('cancelled: one')]);
    await until(() => said().includes('was cancelled'));
    expect((await status()).units).toMatchObject([{ image: 'one', state: 'failed' }]);
    expect([child.exitCode, world.runs('build', 'one'), world.runs('pack', 'one')]).toEqual([null, 1, 0]);
  });

  test.each([
    ['Enter', '\r'],
    ['l', 'l\r'],
    ['Ctrl-C again', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('leaves the build to the worker: %s', async (_, typed) => {
    await worker();
    const { code, shown } = await night([
      ['the installer runs', '\x03'],
      [QUESTION, typed],
    ]);
    expect([code, shown]).toEqual([130, expect.not.stringContaining('cancelled: ')]);
    expect((await status()).units).toMatchObject([{ image: 'one', state: 'active' }]);
    world.go();
    await until(() => world.runs('pack', 'one') === 1);
  });

  test('takes out a unit that nobody has begun', async () => {
    const { code } = await night([
      ['no worker is running', '\x03'],
      [QUESTION, 'cancel\r'],
    ]);
    expect(code).toBe(130);
    expect((await status()).units).toEqual([]);
  });
});

describe('worker', () => {
  test('ends with 75 when its configuration file is another one', async () => {
    const ended = host.run(['worker']);
    await until(async () => (await host.run(['--json', 'queue', 'status'])).json.workers.length === 1);
    appendFileSync(configFile(), '\n');
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([75, expect.stringContaining('must be started again')]);
    expect((await host.run(['--json', 'queue', 'status'])).json.workers).toEqual([]);
  });

  test('names the time of its grace with a unit', async () => {
    expect((await host.run(['worker', '--help'])).stdout).toMatch(/--grace <time> [^-]*\(default: 1m\)/);
  });
});
