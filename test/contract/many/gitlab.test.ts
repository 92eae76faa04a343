import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { CLI } from '../../cli.ts';
import { RECIPES, ROOT } from '../../unit/recipes/commands.ts';
import { call } from '../sandbox/client.ts';
import { type SmallIso, smallInstaller } from './installer.ts';

// The recipe as it is, run by gitlab-ci-local: every job has the home and the workspace of its runner, and all have one store.
const LOCAL = join(ROOT, 'node_modules/.bin/gitlab-ci-local');
let dir: string;
let project: string;
let iso: SmallIso;
let maas: Sandbox;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gitlab-'));
  project = join(dir, 'project');
  iso = await smallInstaller(dir);
  maas = await startSandbox({ dir: join(dir, 'maas') });
  for (const name of ['recipes/gitlab-ci', 'scripts', 'bin'])
    mkdirSync(join(project, name), { recursive: true });
  cpSync(join(RECIPES, 'gitlab-ci'), join(project, 'recipes/gitlab-ci'), { recursive: true });
  copyFileSync(join(RECIPES, 'gitlab-ci/matrix-nightly.gitlab-ci.yml'), join(project, '.gitlab-ci.yml'));
  // Everything is installed; what it would do is not part of this.
  writeFileSync(join(project, 'scripts/setup'), '#!/bin/sh\n', { mode: 0o755 });
  // The runner of a job: `one` and `two` have each built on another host than the one that plans.
  writeFileSync(
    join(dir, 'npx'),
    `#!/bin/sh
[ "$1" = dgxos-maas ] || exit 1
shift
runner=\${IMAGE:-host}
export HOME=${dir}/runner-$runner DGXOS_MAAS_WORKSPACE=${dir}/runner-$runner/work DGXOS_MAAS_CACHE=${dir}/runner-$runner/cache
export XDG_STATE_HOME=$HOME/state
mkdir -p "$HOME"
echo "$runner: $*" >> ${dir}/calls
[ "$runner" != bad ] || exit 5
exec ${process.execPath} ${CLI} "$@"
`,
    { mode: 0o755 },
  );
  mkdirSync(join(dir, 'store'));
  execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: project });
  execFileSync('git', ['remote', 'add', 'origin', 'git@gitlab.example:group/images.git'], { cwd: project });
});
afterAll(async () => {
  await maas?.close();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => rmSync(join(dir, 'calls'), { force: true }));

function configure(images: Record<string, string>): void {
  const image = (version: string) => ({
    ...{ release: 'demo', platform: 'demo1', version, install: 'namespace' },
    iso: { source: iso.path, sha256: iso.sha256 },
  });
  const all = Object.fromEntries(Object.entries(images).map(([name, version]) => [name, image(version)]));
  writeFileSync(join(project, 'dgxos-maas.yaml'), JSON.stringify({ store: join(dir, 'store'), images: all }));
}

async function night(): Promise<{ code: number; all: string; calls: string[] }> {
  execFileSync('git', ['add', '-A'], { cwd: project });
  const variables = {
    // GitLab gives a project's variables to child pipelines, too; gitlab-ci-local does not: the store is in the configuration.
    ...{ CI_PIPELINE_SOURCE: 'schedule', MAAS_API_URL: maas.url, MAAS_API_KEY: maas.apiKey },
  };
  const given = Object.entries(variables).flatMap(([name, value]) => ['--variable', `${name}=${value}`]);
  const { exitCode, all } = await execa(process.execPath, [LOCAL, '--force-shell-executor', ...given], {
    cwd: project,
    reject: false,
    all: true,
    env: { HOME: dir, PATH: `${dir}:${process.env.PATH}`, NO_COLOR: '1' },
  });
  const calls = existsSync(join(dir, 'calls'))
    ? readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n')
    : [];
  return { code: exitCode ?? -1, all: String(all), calls };
}

const summary = () => JSON.parse(readFileSync(join(project, 'nightly/summary.json'), 'utf8'));
const channels = async () =>
  ((await call(maas, 'GET', 'boot-resources/')).json as { name: string }[])
    .map(({ name }) => name)
    .filter((name) => name.endsWith('-nightly'))
    .sort();

it('two runners build what the plan lists, one job uploads and promotes it', async () => {
  configure({ one: '1.0', two: '2.0' });
  const { code, all, calls } = await night();
  expect(code, all).toBe(0);
  expect(calls[0]).toBe('host: nightly --matrix gitlab');
  expect(calls.slice(1, 3).sort()).toEqual([
    expect.stringMatching(/^one: run one --until pack --built-since 20\S+Z$/),
    expect.stringMatching(/^two: run two --until pack --built-since 20\S+Z$/),
  ]);
  expect(calls[3]).toBe('host: nightly --no-build --exit-code --out nightly');
  expect(summary()).toMatchObject({
    outcome: 'new',
    images: ['one', 'two'].map((image) => ({ image, status: 'built', reason: 'built by another builder' })),
  });
  expect(await channels()).toHaveLength(2);
});

it('a night in which nothing is to be built has a child pipeline that does nothing', async () => {
  const { code, all, calls } = await night();
  expect(calls).toEqual([
    'host: nightly --matrix gitlab',
    'host: nightly --no-build --exit-code --out nightly',
  ]);
  expect(all).toContain('nothing to build');
  expect(summary().outcome).toBe('unchanged');
  expect([code, all]).toEqual([0, expect.stringContaining('77')]);
});

it('an image whose build fails stops neither the others nor the upload of them', async () => {
  configure({ one: '1.1', two: '2.0', bad: '1.0' });
  const { all, calls } = await night();
  expect(
    calls
      .filter((call) => call.includes(' run '))
      .map((call) => call.split(':')[0])
      .sort(),
  ).toEqual(expect.arrayContaining(['bad', 'one']));
  expect(summary().images).toMatchObject([
    { image: 'one', status: expect.stringMatching(/^(built|updated)$/) },
    { image: 'two', status: expect.stringMatching(/^(built|unchanged)$/) },
    { image: 'bad', status: 'failed', failure: { code: 'BUILD_MISSING', exitCode: 75 } },
  ]);
  // Its own exit code is 0 here: it looks at allow_failure, not at its exit codes.
  expect(all).toMatch(/^finish finished in .* FAIL 75/m);
});
