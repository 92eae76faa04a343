import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../pipeline/config/load.ts';
import { loadRelease } from '../../../pipeline/config/releases/load.ts';
import { countedOf } from '../../../pipeline/stages/run/plan.ts';
import { contextFor, imageDirectory } from '../../../pipeline/stages/run/runner.ts';
import { STAGES } from '../../../pipeline/stages/table.ts';
import type { StageData } from '../../../pipeline/stages/types.ts';
import { fingerprint, resolved } from '../../../pipeline/workspace/fingerprint.ts';
import { describeFiles, readRecord, writeRecord } from '../../../pipeline/workspace/record.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { goodRoot } from '../../unit/checks/root.ts';
import { FIXTURE } from '../../unit/render/example.ts';
import { Host } from '../cli/host.ts';
import { FlakyServer } from '../iso/flaky-server.ts';
import { GRUB, makeIso, makeSquashfs, writeTree } from '../iso/make-iso.ts';

/*
 * A folder with everything of a site in it: the configuration, and by relative paths the workspace, the cache, packer-maas,
 * waivers and media.
 */
const ALL_FRESH = ['iso', 'render', 'build', 'pack', 'validate', 'upload'].map((stage) => ({
  ...{ stage, runs: false, reason: 'fresh' },
}));

let host: Host;
let maas: Sandbox;
let sha256: string;
let media: FlakyServer;
let origin: string;

/** Settings of the VM and of the installation that the tests change. */
function configure(folder: string, vm = 'accelerator: tcg'): void {
  writeFileSync(
    join(host.dir, folder, 'dgxos-maas.yaml'),
    `workspace: work
cache: cache
packer_maas: packer-maas
waivers: waivers.yaml
sign: { key_file: site.key }
verify: { public_key: site.key.pub }
images:
  dgx1:
    release: dgxos5
    accept_eula: true
    platform: dgx1
    version: "5.0"
    iso: { source: media/dgx.iso, sha256: "${sha256}" }
    vm: { ${vm} }
    resource: { name: "custom/dgx1-{version}-{digest}" }
  fetched:
    release: dgxos5
    accept_eula: true
    platform: dgx1
    version: "5.0"
    iso: { source: "${origin}/dgx.iso?token=secret", sha256: "${sha256}" }
    vm: { accelerator: tcg }
targets:
  lab: { url: "${maas.url}" }
`,
  );
}

/** In the folder, as a user would who has gone there. */
const run = (folder: string, ...args: string[]) =>
  host.run(['--json', ...args], { cwd: join(host.dir, folder) });

beforeAll(async () => {
  host = new Host();
  maas = await startSandbox({ dir: `${host.dir}-maas` });
  host.env.MAAS_API_KEY = maas.apiKey;
  const at = (...path: string[]) => join(host.dir, 'one', ...path);
  mkdirSync(at('media'), { recursive: true });
  cpSync(FIXTURE, at('packer-maas'), { recursive: true });
  await writeTree(join(host.dir, 'tree'), {
    ...{ vmlinuz: 'k', initrd: 'i', 'boot/grub/grub.cfg': GRUB },
    'live/filesystem.squashfs': readFileSync(await makeSquashfs(join(host.dir, 'squashfs'))),
  });
  const iso = await makeIso(join(host.dir, 'tree'), at('media/dgx.iso'));
  sha256 = createHash('sha256').update(readFileSync(iso)).digest('hex');
  writeFileSync(
    at('waivers.yaml'),
    '- { check: stream-whole, reason: a small stand-in, until: 2999-12-31 }\n',
  );
  media = new FlakyServer(readFileSync(iso));
  origin = await media.start();
  configure('one');
  const made = await host.run(['keygen', '--out', 'site.key'], { cwd: at() });
  expect(made.code, made.stderr).toBe(0);
  const rendered = await run('one', 'run', 'dgx1', '--until', 'render');
  expect(rendered.code, rendered.stderr).toBe(0);
  await installed(at());
  const whole = await run('one', 'run', 'dgx1');
  expect(whole.code, whole.stderr).toBe(0);
  const fetched = await run('one', 'run', 'fetched', '--until', 'iso');
  expect(fetched.code, fetched.stderr).toBe(0);
});
afterAll(async () => {
  await media.stop();
  await maas.close();
  host.remove();
});

/** Leaves what an installation leaves: the root as a tar, and the stage's record. */
async function installed(folder: string): Promise<void> {
  const { config } = await loadConfig({
    file: join(folder, 'dgxos-maas.yaml'),
    ...{ env: host.env, cwd: folder },
  });
  const image = config.images.dgx1!;
  const imageDir = imageDirectory(config, image);
  const root = join(imageDir, 'build/root.tar');
  mkdirSync(join(imageDir, 'build'));
  writeFileSync(root, await goodRoot().tar());
  const before: Partial<StageData> = {};
  for (const id of ['iso', 'render'] as const)
    Object.assign(before, { [id]: (await readRecord(imageDir, id))!.data });
  const stage = STAGES.find(({ id }) => id === 'build')!;
  const { signal } = new AbortController();
  const request = {
    ...{ config, image, stages: STAGES, selection: {}, signal, env: host.env, emit() {} },
    release: await loadRelease(image.release),
  };
  const declared = await stage.inputs(contextFor(request, stage, before));
  const inputs = countedOf(stage, declared);
  const { origin } = resolved(declared) as { origin: StageData['build']['origin'] };
  await writeRecord(imageDir, {
    ...{ stage: 'build', fingerprint: fingerprint(inputs), inputs, summary: '', seconds: 1 },
    data: {
      ...{ buildId: 'b', startedAt: '2026-11-22T00:00:00.000Z', tools: {}, boot: 'direct', origin },
      root: { kind: 'tar', path: root, bytes: statSync(root).size },
    } satisfies StageData['build'],
    files: await describeFiles(imageDir, [root]),
    finishedAt: new Date().toISOString(),
  });
}

/** Every command on an image of the folder says what it said before, and nothing runs again. */
async function worksIn(folder: string): Promise<void> {
  const { json: plan, stderr } = await run(folder, 'run', 'dgx1', '--dry-run');
  expect(plan?.stages, stderr).toEqual(ALL_FRESH.map((stage) => expect.objectContaining(stage)));
  const other = await run(folder, 'run', 'fetched', '--until', 'iso', '--dry-run');
  expect(other.json.stages, other.stderr).toMatchObject([{ stage: 'iso', runs: false }]);

  const ran = await run(folder, 'run', 'dgx1');
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stderr.match(/fresh/g)).toHaveLength(6);
  const artifact = join(host.dir, folder, 'work/dgx1/pack/dgx1.tar.gz');
  expect(ran.json.pack.artifact.path).toBe(artifact);

  for (const args of [
    ['validate', 'dgx1'],
    ['validate', 'work/dgx1/pack/dgx1.tar.gz'],
    ['upload', 'dgx1'],
    ['verify', 'work/dgx1/pack/dgx1.tar.gz', '--require-signature'],
    ['diff', 'dgx1', 'work/dgx1', '--exit-code'],
    ['report', 'dgx1'],
    ['report', '--run', 'work/dgx1', '--out', 'page.html'],
    ['config', 'show'],
  ]) {
    const { code, stdout, stderr } = await run(folder, ...args);
    expect(code, `${args.join(' ')}: ${stderr}`).toBe(0);
    expect(JSON.parse(stdout).ok ?? true).toBe(true);
    expect(`${stdout}${stderr}`, args.join(' ')).not.toContain(join(host.dir, 'one'));
  }
  const page = readFileSync(join(host.dir, folder, 'page.html'), 'utf8');
  expect(page).toContain('dgx.iso');
  expect(page).not.toContain(join(host.dir, 'one/'));
}

test('an image of the configuration is judged as a run judges it; a file goes first, and what has no artifact is named', async () => {
  const { json } = await run('one', 'validate', 'dgx1');
  expect(json).toMatchObject({
    ...{
      file: join(host.dir, 'one/work/dgx1/pack/dgx1.tar.gz'),
      profile: 'dgxos5',
      baseImage: 'ubuntu/focal',
    },
  });
  expect((await run('one', 'validate', 'dgx1', '--profile', 'any-ubuntu')).json.profile).toBe('any-ubuntu');
  expect((await run('one', 'validate', './work/dgx1/pack/dgx1.tar.gz')).json.profile).toBe('any-ubuntu');
  const none = await run('one', 'validate', 'fetched');
  expect(none.stderr).toMatch(/Image fetched has no finished artifact .*\[IMAGE_NOT_BUILT\]/);
  const unknown = await run('one', 'validate', 'constructor');
  expect(unknown.stderr).toContain('There is no file constructor [IMAGE_UNREADABLE]');
});

test('another builder with the same store takes what was rendered, file by file', async () => {
  host.env.DGXOS_MAAS_STORE = join(host.dir, 'store');
  try {
    const first = await run('one', 'run', 'dgx1', '--force', 'render', '--until', 'render');
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).not.toContain('warning');
    cpSync(join(host.dir, 'one'), join(host.dir, 'builder'), {
      ...{ recursive: true, filter: (path: string) => !path.startsWith(join(host.dir, 'one/work')) },
    });
    const plan = await run('builder', 'run', 'dgx1', '--until', 'iso');
    expect(plan.code, plan.stderr).toBe(0);
    const second = await run('builder', 'run', 'dgx1', '--until', 'render');
    expect(second.json.stages, second.stderr).toMatchObject([
      { stage: 'iso', state: 'fresh' },
      { stage: 'render', state: 'fresh', fromStore: true },
    ]);
    expect(second.stderr).toContain('fresh, from the store');
    const rendered = (folder: string) =>
      readdir(join(host.dir, folder, 'work/dgx1/render'), { recursive: true, withFileTypes: true });
    const files = async (folder: string) =>
      (await rendered(folder)).flatMap((entry) => {
        const path = join(entry.parentPath, entry.name);
        const where = path.slice(join(host.dir, folder).length);
        return entry.isFile() ? [[where, statSync(path).mode, readFileSync(path, 'utf8')]] : [];
      });
    expect((await files('builder')).sort()).toEqual((await files('one')).sort());
  } finally {
    delete host.env.DGXOS_MAAS_STORE;
  }
});

describe('the whole folder of a site', () => {
  test('builds nothing again when only a time limit or the window of the VM changes', async () => {
    for (const vm of ['accelerator: tcg, install_timeout: 7h', 'accelerator: tcg, headless: false']) {
      configure('one', vm);
      const { json } = await run('one', 'run', 'dgx1', '--dry-run');
      expect(json.stages).toEqual(ALL_FRESH.map((stage) => expect.objectContaining(stage)));
    }
    configure('one', 'accelerator: tcg, cpus: 3');
    const { json } = await run('one', 'run', 'dgx1', '--dry-run');
    expect(json.stages[1]).toMatchObject({ stage: 'render', reason: 'changed: vm' });
    configure('one');
  });

  test('is fetched by another host, with times to the second: all is fresh, and nothing is fetched or uploaded again', async () => {
    const requests = media.requests.length;
    cpSync(join(host.dir, 'one'), join(host.dir, 'elsewhere/fetched'), {
      ...{ recursive: true, preserveTimestamps: true },
    });
    renameSync(join(host.dir, 'one'), join(host.dir, 'gone'));
    for (const entry of await readdir(join(host.dir, 'elsewhere/fetched'), { recursive: true })) {
      const path = join(host.dir, 'elsewhere/fetched', entry);
      const seconds = Math.floor(statSync(path).mtimeMs / 1000);
      utimesSync(path, seconds, seconds);
    }
    const state = host.env.XDG_STATE_HOME as string;
    host.env.XDG_STATE_HOME = join(host.dir, 'state of another host');
    try {
      await worksIn('elsewhere/fetched');
    } finally {
      host.env.XDG_STATE_HOME = state;
      renameSync(join(host.dir, 'gone'), join(host.dir, 'one'));
    }
    expect(media.requests).toHaveLength(requests);
  });

  test('is renamed: all is fresh, and every command works there', async () => {
    const requests = media.requests.length;
    renameSync(join(host.dir, 'one'), join(host.dir, 'zwei äß #1'));
    await worksIn('zwei äß #1');
    expect(media.requests).toHaveLength(requests);
    const { json, stderr } = await run('zwei äß #1', 'images');
    expect(json.targets, stderr).toMatchObject([{ images: [expect.anything()] }]);
  });

  test('a medium that was replaced in the new place is looked at again', async () => {
    const iso = join(host.dir, 'zwei äß #1/media/dgx.iso');
    writeFileSync(iso, Buffer.concat([readFileSync(iso), Buffer.from('x')]));
    const { json } = await run('zwei äß #1', 'run', 'dgx1', '--dry-run');
    expect(json.stages[0]).toMatchObject({ runs: true, reason: expect.stringContaining('was changed') });
    const { code, stderr } = await run('zwei äß #1', 'run', 'dgx1');
    expect(code, stderr).toBe(3);
    expect(stderr).toContain('ISO_CHECKSUM');
  });
});
