import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { CLI } from '../../cli.ts';
import { built } from '../acceptance/built.ts';
import { ID, type Stage, stage } from '../acceptance/stage.ts';

// The real command on images of which only the build is missing: real upload, a machine that answers ssh, channel, retention.
let here: Stage;
beforeAll(async () => {
  here = await stage(1);
});
beforeEach(() => {
  here.config('machines: [gpu-001]');
  here.trouble();
});
afterAll(() => here.close());

const nightly = (...flags: string[]) => here.host.run(['--json', 'nightly', '--out', 'out', ...flags]);
const out = (name: string) => readFileSync(join(here.host.dir, 'out', name), 'utf8');

test('a new image is uploaded, accepted on a machine and promoted; the next night nothing is touched', async () => {
  await built(here.host);
  const first = await nightly();
  expect(first.code, first.stdout + first.stderr).toBe(0);
  expect(first.json).toMatchObject({
    outcome: 'new',
    images: [
      {
        // Its build is of before: only the rest was done this night.
        status: 'updated',
        acceptances: [{ target: 'lab', machine: ID(1), accepted: true }],
        promoted: [{ target: 'lab', name: 'demo-1.0-nightly', moved: true }],
      },
    ],
    pruned: [{ target: 'lab', deleted: [], failure: null }],
  });
  expect(out('junit.xml')).toContain('classname="demo.accept lab.');
  expect(out('summary.md')).toContain('accepted on gpu-001 of lab');

  const requests = here.maas.requests.length;
  const second = await nightly('--exit-code', '--no-prune');
  expect([second.code, second.json.outcome]).toEqual([77, 'unchanged']);
  expect(here.maas.requests).toHaveLength(requests);

  // The plan and the night give the same reason for a build.
  const plan = async (...flags: string[]) =>
    (await here.host.run(['--json', 'nightly', '-n', ...flags])).json;
  expect((await plan()).images).toMatchObject([{ builds: false }]);
  expect((await plan('--force', 'demo')).images).toMatchObject([
    { builds: true, reason: 'build: requested by --force' },
  ]);
  const record = join(here.host.dir, 'work/demo/build.json');
  const build = JSON.parse(readFileSync(record, 'utf8')) as { finishedAt: string };
  build.finishedAt = new Date(Date.now() - 8 * 86_400_000).toISOString();
  writeFileSync(record, JSON.stringify(build));
  expect((await plan()).images).toMatchObject([
    { builds: true, reason: expect.stringContaining('8 days ago (nightly.rebuild_after: 7 days)') },
  ]);
});

test('killed while a machine is deployed, the night goes on when it is started again', async () => {
  const sha256 = await built(here.host, { 'etc/other': 'content' });
  here.trouble('*:no-ssh');
  const child = spawn(process.execPath, [CLI, 'nightly'], {
    cwd: here.host.dir,
    env: here.host.env,
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  while ((await here.status(ID(1))) !== 'Deployed') await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGKILL');
  await ended;
  const nights = join(here.host.dir, 'work/nightly');
  const begun = JSON.parse(readFileSync(join(nights, 'under-way.json'), 'utf8')) as { id: string };

  here.trouble();
  const { code, json, stdout, stderr } = await nightly();
  expect(code, stdout + stderr).toBe(0);
  expect(json).toMatchObject({
    id: begun.id,
    continued: true,
    outcome: 'new',
    images: [{ artifact: { sha256 }, changes: { sameContent: false }, promoted: [{ moved: true }] }],
  });
  expect(json.images[0].steps.find((one: { step: string }) => one.step === 'upload').state).toBe('fresh');
  expect(existsSync(join(nights, 'under-way.json'))).toBe(false);
  expect(readdirSync(nights)).toContain(begun.id);
});

test('--no-accept leaves machines alone', async () => {
  // Listing them is harmless; deleting is not.
  const requests = () =>
    here.maas.requests.filter(({ path, method }) => method !== 'GET' && path.includes('machines/')).length;
  const before = requests();
  await built(here.host, { 'etc/other': 'untried' });
  const { code, json } = await nightly('--no-accept', '--channel', 'untried');
  expect(code).toBe(0);
  expect(json.images[0]).toMatchObject({ status: 'updated', promoted: [{ name: 'demo-1.0-untried' }] });
  expect(requests()).toBe(before);
});
