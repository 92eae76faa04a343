import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseApiKey } from '../../../pipeline/maas/api/api-key.ts';
import type { ChosenTarget } from '../../../pipeline/maas/images/choose-targets.ts';
import { listImages } from '../../../pipeline/maas/images/list-images.ts';
import { rollBack } from '../../../pipeline/maas/images/promote.ts';
import { promoteTo } from '../../../pipeline/stages/promote.ts';
import { runStages } from '../../../pipeline/stages/run/runner.ts';
import type { Stage } from '../../../pipeline/stages/types.ts';
import { upload } from '../../../pipeline/stages/upload.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { content, digest, House } from '../../unit/nightly/house.ts';
import { finding } from '../../unit/page/folder.ts';

const EVERY_UPLOAD_OLD = { keep: 1, days: 0, deployedDays: 0 };

let house: House;
let sandbox: Sandbox;
beforeEach(async () => {
  house = new House('a', 'b');
  sandbox = await startSandbox({ dir: join(house.dir, 'maas') });
  house.env.MAAS_API_KEY = sandbox.apiKey;
  house.targets = { lab: target('lab', sandbox.url) };
  house.upload = upload as unknown as Stage;
});
afterEach(async () => {
  await sandbox.close();
  house.remove();
});

const target = (name: string, url: string) => ({
  name,
  url,
  key: { from: 'environment' as const, variable: 'MAAS_API_KEY' },
  caCert: null,
  patienceS: 0.1,
});

const chosen = (): ChosenTarget => ({
  target: house.targets.lab as ChosenTarget['target'],
  key: parseApiKey(sandbox.apiKey, 'of the sandbox'),
});

const names = async () => {
  const { emit, signal, env } = house.request('a');
  const images = await listImages(chosen(), { emit, signal, env });
  return new Map(images.map(({ name, sha256 }) => [name, sha256]));
};

const sha = (name: string) => digest(content(name, house.knobs.get(name) as never));

test('good images are uploaded, promoted, and old ones pruned; an unchanged night sends nothing', async () => {
  const first = await house.night({ channel: 'nightly', retention: EVERY_UPLOAD_OLD });
  expect(first).toMatchObject({ outcome: 'new', exitCode: 0 });
  const before = sha('a');
  expect((await names()).get('a-1.0-nightly')).toBe(before);
  expect((await names()).get('b-1.0-nightly')).toBe(sha('b'));

  const requests = sandbox.requests.length;
  const pruning = await house.night({ channel: 'nightly', retention: EVERY_UPLOAD_OLD });
  expect(pruning.pruned).toMatchObject([{ target: 'lab', deleted: [], kept: 4 }]);
  // The list alone: nothing can be due, so no image is asked for.
  expect(sandbox.requests.slice(requests).map(({ path }) => path)).toEqual([
    '/MAAS/api/2.0/boot-resources/?type=uploaded',
  ]);
  const quiet = await house.night({ channel: 'nightly' });
  expect(quiet.outcome).toBe('unchanged');
  expect(quiet.images[0]?.promoted).toMatchObject([
    { moved: false, note: expect.stringMatching(/^has it since/) },
  ]);
  expect(sandbox.requests).toHaveLength(requests + 1);

  for (const bash of ['5.2-1', '5.3-1', '5.4-1']) {
    house.set('a', { bash });
    await house.night({ channel: 'nightly', retention: EVERY_UPLOAD_OLD });
  }
  // All machines are listed once a night in which something may be due, however many images there are.
  expect(sandbox.requests.filter(({ path }) => /\/machines\/(\?|$)/.test(path))).toHaveLength(1);
  const now = await names();
  expect(now.get('a-1.0-nightly')).toBe(sha('a'));
  // The build that the channel holds, the one that it could go back to, and one more are kept.
  expect([...now.values()].filter((one) => one === before)).toEqual([]);
  expect([...now.keys()].filter((name) => name.startsWith('a-1.0-')).length).toBe(4);
});

test('an image that a check rejects reaches neither MAAS nor the channel', async () => {
  await house.night({ channel: 'nightly' });
  const shown = sha('a');
  house.set('a', { bash: '5.2-1', findings: [finding(1, { status: 'fail', severity: 'blocker' })] });
  const night = await house.night({ channel: 'nightly' });
  expect(night).toMatchObject({ outcome: 'broken', exitCode: 6 });
  expect((await names()).get('a-1.0-nightly')).toBe(shown);
});

test('an image that fails on a machine is uploaded, and not promoted', async () => {
  house.set('a', { onMachine: [finding(1, { status: 'fail', severity: 'blocker' })] });
  house.set('b', { onMachine: [finding(1)] });
  const night = await house.night({ channel: 'nightly' });
  expect(night.images.map(({ status }) => status)).toEqual(['failed', 'built']);
  const there = await names();
  expect([there.has('a-1.0-nightly'), there.get('b-1.0-nightly')]).toEqual([false, sha('b')]);
  expect([...there.values()]).toContain(sha('a'));
});

test('a channel that somebody has moved back stays there', async () => {
  await house.night({ channel: 'nightly' });
  const first = sha('a');
  house.set('a', { bash: '5.2-1' });
  await house.night({ channel: 'nightly' });
  const { image, emit, signal, env } = house.request('a');
  const keepIn = join(house.workspace, 'promoted');
  await rollBack(chosen(), { image, channel: 'nightly', keepIn, emit, signal, env });
  const night = await house.night({ channel: 'nightly' });
  expect(night.images[0]?.promoted).toMatchObject([
    { moved: false, note: expect.stringContaining('not changed') },
  ]);
  expect((await names()).get('a-1.0-nightly')).toBe(first);

  // Said again, it is moved.
  const request = house.request('a');
  const again = promoteTo('nightly', true) as unknown as Stage;
  await runStages({ ...request, stages: [...request.stages, again], selection: { force: 'promote' } });
  expect((await names()).get('a-1.0-nightly')).toBe(sha('a'));
});

test('a MAAS that fails is temporary; the next night goes on with the artifact that was built', async () => {
  sandbox.addFault('chunk:*:500');
  const broken = await house.night({ channel: 'nightly', retention: EVERY_UPLOAD_OLD });
  expect(broken).toMatchObject({ outcome: 'broken', exitCode: 75 });
  expect(broken.images.map(({ failure }) => failure?.step)).toEqual(['upload', 'upload']);
  sandbox.clearFaults();
  const night = await house.night({ channel: 'nightly' });
  expect(night).toMatchObject({ outcome: 'new', exitCode: 0 });
  expect(house.built).toEqual(['a', 'b']);
  expect((await names()).get('b-1.0-nightly')).toBe(sha('b'));
});

test('a promotion that fails is taken up by the next night', async () => {
  await house.night();
  sandbox.addFault('create:*:500');
  const broken = await house.night({ channel: 'nightly' });
  expect(broken.images[0]).toMatchObject({
    failure: { step: 'promote', exitCode: 75 },
    // The images in MAAS are listed even so.
    resources: [{ target: 'lab', name: expect.stringContaining('a-1.0-') }],
  });
  sandbox.clearFaults();
  const night = await house.night({ channel: 'nightly' });
  expect(night.images[0]).toMatchObject({
    status: 'updated',
    reason: 'built before; the channel did not have it yet',
    promoted: [{ moved: true }],
  });
});

test('two images are uploaded at the same time under the one lock', async () => {
  const night = await house.night({ jobs: 2, channel: 'nightly' });
  expect(night).toMatchObject({ outcome: 'new' });
  expect((await names()).size).toBe(4);
});

test('pruning that fails is reported with the images, which are good', async () => {
  await house.night({ channel: null });
  house.targets.closed = {
    ...target('closed', sandbox.url),
    key: { from: 'environment', variable: 'NO_KEY' },
  };
  const { pruneTargets } = await import('../../../pipeline/nightly/prune.ts');
  const { config, image, emit, signal, env } = house.request('a');
  const keepIn = join(house.workspace, 'promoted');
  const pruned = await pruneTargets(config, [image], { policy: EVERY_UPLOAD_OLD, keepIn, emit, signal, env });
  expect(pruned).toMatchObject([
    { target: 'lab', failure: null },
    { target: 'closed', failure: { step: 'prune', code: 'API_KEY_MISSING', exitCode: 3 } },
  ]);
});
