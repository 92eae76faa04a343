import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fingerprintOf } from '../../../scripts/iso/build.ts';
import { PROJECT } from '../../../scripts/iso/inputs.ts';
import { removeLeftovers } from '../../../scripts/iso/leftovers.ts';
import { makeRepository } from '../../../scripts/iso/repository.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'demo-iso-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const demoIso = (args: string[], env: Record<string, string> = {}) =>
  execa(process.execPath, [join(PROJECT, 'scripts/demo-iso.ts'), ...args], {
    reject: false,
    env: { XDG_CACHE_HOME: join(dir, 'cache'), ...env },
  });

test('an ISO that stands for the same inputs is left alone', async () => {
  const out = join(dir, 'demo.iso');
  await writeFile(out, 'an ISO');
  await writeFile(
    `${out}.json`,
    JSON.stringify({ fingerprint: await fingerprintOf(false, 'live-curtin'), sha256: 'ab', size: 6 }),
  );
  const { mtimeMs } = await stat(out);
  const { stdout, exitCode } = await demoIso(['--json', '--out', out]);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ path: out, sha256: 'ab', size: 6, made: false });
  expect((await stat(out)).mtimeMs).toBe(mtimeMs);
});

test.each([
  ['of another size', { size: 5 }],
  ['made of other inputs', { fingerprint: 'another' }],
])('an ISO %s is made again; without tools nothing is touched', async (_, differs) => {
  const out = join(dir, 'demo.iso');
  await writeFile(out, 'an ISO');
  const record = {
    fingerprint: await fingerprintOf(false, 'live-curtin'),
    sha256: 'ab',
    size: 6,
    ...differs,
  };
  await writeFile(`${out}.json`, JSON.stringify(record));
  await mkdir(join(dir, 'empty'));
  const { stderr, exitCode } = await demoIso(['--out', out], { PATH: join(dir, 'empty') });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /^demo-iso: tools are missing; install them with: sudo apt-get install .*mmdebstrap/,
  );
  expect((await readdir(dir)).sort()).toEqual(['demo.iso', 'demo.iso.json', 'empty']);
});

test('the remains of a killed run are removed, the work of a living one is not', async () => {
  const dead = (await execa('sh', ['-c', 'echo $$'])).stdout;
  const alive = String(process.pid);
  const names = (pid: string) => [
    `work-${pid}-aBc`,
    `live-0f.tar.${pid}.partial`,
    `root-0f.tar.xz.${pid}.partial.tar`,
  ];
  for (const name of [...names(dead), ...names(alive), 'live-0f.tar', 'demo.iso', 'demo.iso.json'])
    await writeFile(join(dir, name), '');
  await removeLeftovers([dir]);
  expect((await readdir(dir)).sort()).toEqual(
    [...names(alive), 'live-0f.tar', 'demo.iso', 'demo.iso.json'].sort(),
  );
});

test('a wrong option is answered by the usage', async () => {
  const { stderr, exitCode } = await demoIso(['--outt', 'x']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("'--outt'");
  expect(stderr).toContain('Usage: scripts/demo-iso');
});

test('the repository serves our packages, files of root, scripts executable', async () => {
  const downloads = join(dir, 'downloads');
  await mkdir(join(downloads, 'repository'), { recursive: true });
  await makeRepository(join(dir, 'repository'), downloads, dir);
  const names = await readdir(join(dir, 'repository'));
  expect(names).toEqual(
    expect.arrayContaining(['Packages', 'Packages.gz', 'Release', 'demo-specimens_1.0_all.deb']),
  );
  const { stdout: packages } = await execa('gzip', ['-dc', join(dir, 'repository/Packages.gz')]);
  expect(packages).toMatch(/^Package: demo-specimens$/m);
  expect(packages).toMatch(/^Filename: \.\/demo-system-configurations_1\.0_all\.deb$/m);
  const { stdout } = await execa('dpkg-deb', [
    '--contents',
    join(dir, 'repository/demo-specimens_1.0_all.deb'),
  ]);
  expect(stdout).toMatch(/^-rwxr-xr-x root\/root .*specimens\.sh$/m);
});
