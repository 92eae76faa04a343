import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { $ } from 'zx';
import { makeDebs } from '../../../scripts/archive/debs.ts';
import { makeDists } from '../../../scripts/archive/sign.ts';

// The hook's preferences, judged by real apt (2.6.1 of Debian 12): the archive has a newer kernel than the image.

const HOOK = join(import.meta.dirname, '../../../templates/hooks/curtin-hooks');
const IMAGE = 'linux-image-6.8.0-55-generic';
const NEWER = 'linux-image-6.8.0-60-generic';
let dir: string;
let config: string;

beforeAll(async () => {
  $.quiet = true;
  dir = await mkdtemp(join(tmpdir(), 'kernel-pin-'));
  const archive = join(dir, 'archive');
  const packages = {
    [IMAGE]: { version: '6.8.0-55.58' },
    [NEWER]: { version: '6.8.0-60.63' },
    'linux-image-generic': { version: '6.8.0-60', depends: [NEWER] },
    'linux-generic': { version: '6.8.0-60', depends: ['linux-image-generic (= 6.8.0-60)'] },
    other: { version: '2' },
  };
  await makeDebs(join(archive, 'pool'), packages, 'amd64');
  await makeDists(archive, { key: null, suite: 'demo', architecture: 'amd64' });
  for (const folder of ['lists/partial', 'cache/archives/partial', 'etc/apt/preferences.d'])
    await mkdir(join(dir, folder), { recursive: true });
  await writeFile(join(dir, 'sources.list'), `deb [trusted=yes] file:${archive} demo main\n`);
  const installed = [
    [IMAGE, '6.8.0-55.57'],
    ['linux-image-generic', '6.8.0-55', IMAGE],
    ['linux-generic', '6.8.0-55', 'linux-image-generic (= 6.8.0-55)'],
    ['other', '1'],
  ];
  await writeFile(
    join(dir, 'status'),
    installed
      .map(
        ([name, version, depends]) =>
          `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\nArchitecture: amd64\nMaintainer: x\nDescription: x\n${depends ? `Depends: ${depends}\n` : ''}\n`,
      )
      .join(''),
  );
  config = join(dir, 'apt.conf');
  await writeFile(
    config,
    `Dir::Etc "${dir}/etc/apt";\nDir::Etc::sourcelist "${dir}/sources.list";\nDir::Etc::sourceparts "/dev/null";\nDir::State "${dir}";\nDir::State::status "${dir}/status";\nDir::State::lists "${dir}/lists";\nDir::Cache "${dir}/cache";\nAPT::Architecture "amd64";\nAPT::Sandbox::User "root";\n`,
  );
  await apt('update');
}, 60_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

/** The packages that a simulation installs, as `name version`. */
async function apt(...words: string[]): Promise<{ installs: string[]; exitCode: number | null }> {
  const { stdout, exitCode } = await $({
    nothrow: true,
    env: { ...process.env, APT_CONFIG: config },
  })`apt-get ${words[0] === 'update' ? [] : ['--simulate']} ${words}`;
  return {
    exitCode,
    installs: [...stdout.matchAll(/^Inst (\S+) .*?\((\S+)/gm)].map(([, name, to]) => `${name} ${to}`),
  };
}

/** Writes the preferences by the hook's own function. */
async function forbid(): Promise<string> {
  const call = [
    'import importlib.machinery as m, importlib.util as u, sys',
    'loader = m.SourceFileLoader("hook", sys.argv[1])',
    'hook = u.module_from_spec(u.spec_from_loader("hook", loader)); loader.exec_module(hook)',
    'print(hook.forbid_other_kernels(sys.argv[2]))',
  ].join('\n');
  return (
    await $({ env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } })`python3 -c ${call} ${HOOK} ${dir}`
  ).stdout.trim();
}

it('an upgrade of the system would bring another kernel, and does not while curtin works', async () => {
  const before = await apt('dist-upgrade');
  expect(before.installs).toContain(`${NEWER} 6.8.0-60.63`);
  expect(before.installs).toContain(`${IMAGE} 6.8.0-55.58`);
  const file = await forbid();
  try {
    expect(await readFile(file, 'utf8')).toContain('linux-image-*');
    const during = await apt('dist-upgrade');
    expect(during).toEqual({ exitCode: 0, installs: ['other 2'] });
    expect((await apt('install', 'linux-generic')).installs).toEqual([]);
    expect((await apt('install', NEWER)).exitCode).toBe(100);
    expect((await apt('install', 'other')).installs).toEqual(['other 2']);
  } finally {
    await rm(file);
  }
});

it('a pin of higher priority that the image has does not win', async () => {
  const own = join(dir, 'etc/apt/preferences.d/nvidia-dgx');
  await writeFile(
    own,
    'Package: linux-image-*\nPin: release *\nPin-Priority: 1001\n\nPackage: *\nPin: release *\nPin-Priority: 900\n',
  );
  const file = await forbid();
  try {
    expect((await apt('dist-upgrade')).installs).toEqual(['other 2']);
  } finally {
    await rm(file);
    await rm(own);
  }
});
