import { writeFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { paint } from '../../../pipeline/core/text/paint.ts';
import type { ChosenTarget } from '../../../pipeline/maas/images/choose-targets.ts';
import { channelUpdateSummary, uploadSummary } from '../../../pipeline/maas/images/summary.ts';
import { targetDir } from '../../../pipeline/maas/images/target-state.ts';
import { uploadToTargets } from '../../../pipeline/maas/images/to-targets.ts';
import { uploadImage } from '../../../pipeline/maas/images/upload.ts';
import { checkUploadPermission } from '../../../pipeline/maas/images/upload-permission.ts';
import { readLedger } from '../../../pipeline/workspace/ledger/ledger.ts';
import { lockWorkspace } from '../../../pipeline/workspace/lock.ts';
import { ChannelBench, dataOf } from './channel-bench.ts';
import { answered, FakeMaas, sumOf, unreachable } from './fake-maas.ts';

vi.mock('../../../pipeline/maas/api/client.ts', async () => ({
  createClient: (await import('./fake-maas.ts')).clientOf,
}));

const NAMES = ['lab', 'site', 'home'];

/** Some MAAS, each a target of its name, and a file to upload. */
function targets(count = 3) {
  const bench = new ChannelBench();
  const servers = NAMES.slice(0, count).map((name) => new FakeMaas('3.5.0', 1, `http://${name}:5240/MAAS`));
  const chosen = servers.map(({ url }, at) => {
    const target = { name: NAMES[at], url, caCert: null, patienceS: 1 };
    return { target, key: {} } as ChosenTarget;
  });
  const data = dataOf('one');
  writeFileSync(bench.fileOf('one'), data);
  const plan = {
    artifact: { path: bench.fileOf('one'), size: data.length, sha256: sumOf(data) },
    resource: {
      ...{ name: 'custom/one', title: 'One', architecture: 'amd64/generic', baseImage: 'ubuntu/focal' },
    },
    ...{ filetype: 'tgz', validated: true, ...bench.session },
  };
  return { bench, servers, chosen, plan };
}
const refused = () => answered(400, 'no');

test('several MAAS get one file, and each has a result', async () => {
  const { chosen, plan, servers } = targets();
  servers[1]!.has('one', dataOf('one'));
  const results = await uploadToTargets(chosen, plan);
  expect(results.map(({ target, skipped }) => [target, skipped])).toEqual([
    ...[
      ['lab', false],
      ['site', true],
      ['home', false],
    ],
  ]);
  expect(await uploadToTargets([], plan)).toEqual([]);
});

test('the fault of one does not stop the others, and names it with the results of all', async () => {
  const { chosen, plan, servers } = targets();
  servers[0]!.has('one', dataOf('one'));
  servers[1]!.before = () => {
    throw refused();
  };
  await expect(uploadToTargets(chosen, plan)).rejects.toMatchObject({
    code: 'MAAS_REFUSED',
    message: expect.stringMatching(/^Upload to site failed: MAAS refused/),
    detail: expect.stringMatching(/^lab: one already exists\nhome: one is complete\nsite: MAAS refused .*$/),
  });
  expect(servers[2]!.resources[0]?.sets).toMatchObject([{ complete: true }]);
});

test('the fault of the only one is its own, and so is one of the program', async () => {
  const { chosen, plan, servers } = targets();
  const fault = refused();
  for (const server of servers)
    server.before = () => {
      throw fault;
    };
  await expect(uploadToTargets(chosen.slice(0, 1), plan)).rejects.toBe(fault);
  const thrown = new TypeError('of the program');
  servers[0]!.before = () => {
    throw thrown;
  };
  await expect(uploadToTargets(chosen, plan)).rejects.toBe(thrown);
});

test('the result of an upload is shown by target, with the pace of what was sent', () => {
  const result = {
    ...{ target: 'lab', name: 'one', resourceId: 3, set: '20261122', sha256: 'f', size: 2_000_000 },
    ...{ sent: 2_000_000, skipped: false, seconds: 2, maasVersion: '3.5.0' },
  };
  const shown = (more: object) => uploadSummary([{ ...result, ...more }], paint(false));
  expect(shown({})).toMatch(/upload +2\.0 MB sent in .*, 1\.0 MB\/s$/);
  expect(shown({ seconds: 0 })).not.toContain('/s');
  expect(shown({ skipped: true })).toMatch(/upload +already complete, nothing sent$/);
  const moved = (skipped: boolean) => channelUpdateSummary([{ ...result, of: 'one-1', skipped }]);
  expect([moved(true), moved(false)]).toEqual(['lab: one already has one-1', 'lab: one now has one-1']);
});

test('a base image that MAAS has not imported is a warning of the upload', async () => {
  const { bench, chosen, plan, servers } = targets(1);
  const warnings = () => bench.notices.filter((message) => message.includes('has not imported'));
  const [maas] = servers as [FakeMaas];
  const synced = (name: string) => {
    maas.answers['boot-resources/?type=synced'] = [{ name, architecture: 'amd64/ga-20.04' }];
  };
  synced('ubuntu/focal');
  await uploadToTargets(chosen, plan);
  expect(warnings()).toEqual([]);
  // It does not depend on Ubuntu's own images then.
  await uploadToTargets(chosen, {
    ...plan,
    resource: { ...plan.resource, name: 'custom/two', baseImage: 'rhel/8' },
  });
  expect(warnings()).toEqual([]);
  synced('ubuntu/jammy');
  await uploadToTargets(chosen, { ...plan, resource: { ...plan.resource, name: 'custom/three' } });
  expect(warnings()).toEqual([
    'lab has not imported ubuntu/focal for amd64: until then no machine can be deployed with "custom/three"',
  ]);
});

test('a state directory that cannot be written costs a warning; an interrupted wait for the lock ends it', async () => {
  const { bench, chosen, plan } = targets(1);
  const { target, key } = chosen[0]!;
  const { path: file, ...artifact } = plan.artifact;
  const { resource, ...rest } = plan;
  const request = { target, key, file, ...artifact, ...resource, ...rest, patienceS: 1, id: 'upload:lab' };
  writeFileSync(`${bench.dir}/no-folder`, '');
  const env = { XDG_STATE_HOME: `${bench.dir}/no-folder` };
  expect(await uploadImage({ ...request, env })).toMatchObject({ skipped: false });
  expect(bench.notices.join('\n')).toContain('; uploading without a lock');

  const holder = { doing: 'a test', wait: false, emit() {}, signal: new AbortController().signal };
  const unlock = await lockWorkspace(targetDir(target.url, bench.env), holder);
  bench.events.length = 0;
  bench.abort.abort();
  await expect(uploadImage(request)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(bench.notices.join('\n')).not.toContain('without a lock');
  await unlock();
  expect(await readLedger(bench.env)).toEqual([]);
});

const WHO = 'users/?op=whoami';
const admin = { username: 'root', is_superuser: true };
const user = { username: 'guest', is_superuser: false };

test.each<[string, unknown[], string | undefined, string[]]>([
  ['all may', [admin, admin, admin], undefined, []],
  ['one of several may not', [admin, user, admin], undefined, ['site belongs to guest']],
  ['none may', [user, user, user], 'MAAS_FORBIDDEN', []],
  [
    'one has a key that is not good',
    [admin, admin, answered(401)],
    undefined,
    ['does not accept this API key'],
  ],
  ['none has a good one', [answered(401), user, answered(401)], 'MAAS_UNAUTHORIZED', []],
  ['one is away', [unreachable(), admin, admin], undefined, ['lab does not answer: The connection was cut']],
  [
    'one is away, the others say no',
    [unreachable(), user, user],
    undefined,
    ['lab does not answer', 'site belongs to guest', 'home belongs to guest'],
  ],
  ['one has no user', [{}, admin, admin], undefined, ['there is no user in it']],
])('before a file is read, its targets are asked: %s', async (_what, who, code, said) => {
  const { bench, chosen, servers } = targets();
  for (const [at, server] of servers.entries()) server.answers[WHO] = who[at];
  const checked = checkUploadPermission(chosen, bench.session);
  if (code) await expect(checked).rejects.toMatchObject({ code });
  else await checked;
  expect(bench.notices).toHaveLength(said.length);
  for (const [at, text] of said.entries()) expect(bench.notices[at]).toContain(text);
});

test('an interruption while they are asked is not an answer, and neither is a fault of the program', async () => {
  const { bench, chosen, servers } = targets(2);
  for (const server of servers) server.answers[WHO] = admin;
  const thrown = new TypeError('of the program');
  servers[1]!.answers[WHO] = thrown;
  await expect(checkUploadPermission(chosen, bench.session)).rejects.toBe(thrown);
  const away = unreachable();
  servers[1]!.answers[WHO] = away;
  bench.abort.abort();
  await expect(checkUploadPermission(chosen, bench.session)).rejects.toBe(away);
  expect(bench.notices).toEqual([]);
});
