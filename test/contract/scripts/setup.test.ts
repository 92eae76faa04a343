import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PACKAGE_OF } from '../../../pipeline/host/process/packages.ts';

const ROOT = join(import.meta.dirname, '../../..');
const folders: string[] = [];
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A clone's scripts with `installed` as the host's packages; apt-get, npm and sudo only write down how they are called. */
function clone(installed: string[], { modules = true } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'setup-'));
  folders.push(dir);
  cpSync(join(ROOT, 'scripts'), join(dir, 'scripts'), { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(ROOT, name), join(dir, name));
  // A workspace.
  symlinkSync(join(ROOT, 'sandbox'), join(dir, 'sandbox'));
  if (modules) symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  const tool = (name: string, script: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  for (const name of ['apt-get', 'npm']) tool(name, `echo "${name} $*" >>"${dir}/calls"`);
  tool('sudo', 'exec "$@"');
  tool('apt-cache', '[ "$2" != gone ]');
  tool(
    'dpkg-query',
    `case ' ${installed.join(' ')} ' in *" $4 "*) printf 'install ok installed' ;; *) exit 1 ;; esac`,
  );
  for (const name of ['sh', 'awk', 'dirname', 'id', 'env', 'cat'])
    symlinkSync(`/usr/bin/${name}`, join(bin, name));
  symlinkSync(process.execPath, join(bin, 'node'));
  // A command of that name on the PATH counts as the package.
  const stubs = readdirSync(bin);
  const run = (script: string, ...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string; calls: string }>((done) => {
      execFile(join(dir, 'scripts', script), args, { env: { PATH: bin } }, (error, stdout, stderr) => {
        const calls = existsSync(join(dir, 'calls')) ? readFileSync(join(dir, 'calls'), 'utf8') : '';
        done({ code: error ? Number(error.code) : 0, stdout, stderr, calls });
      });
    });
  return { dir, run, tool, stubs };
}

function section(name: string): string[] {
  const text = readFileSync(join(ROOT, 'scripts/apt-packages'), 'utf8');
  const lines = text.split(`[${name}]\n`)[1]!.split(/^\[/m)[0]!.split('\n');
  return lines.filter((line) => line && !line.startsWith('#'));
}
const installedBy = (calls: string) => calls.match(/^apt-get install .*--no-upgrade (.*)$/m)?.[1]?.split(' ');

describe('scripts/setup', () => {
  it('installs what doctor asks of a build host, and nothing else', async () => {
    const { code, calls } = await clone([]).run('setup');
    const tools = [
      ...['packer', 'qemu-system-x86_64', 'qemu-img', 'xorriso', 'unsquashfs', 'libdeflate-gzip', 'gpgv'],
    ];
    expect(code).toBe(0);
    expect(installedBy(calls)).toEqual(tools.map((name) => PACKAGE_OF[name]));
    expect(calls).not.toContain('npm');
  });

  it('--demo and --dev add to that; --modules installs no package', async () => {
    const demo = [...section('build'), ...section('demo')];
    expect(installedBy((await clone([]).run('setup', '--demo')).calls)).toEqual(demo);
    const host = clone([]);
    const dev = [...demo, ...section('dev')].filter((name) => !host.stubs.includes(name));
    expect(installedBy((await host.run('setup', '--dev')).calls)).toEqual(dev);
    expect((await clone([]).run('setup', '--modules')).calls).toBe('');
  });

  it('--bench adds to --dev what benchmarks compare with', async () => {
    const host = clone([]);
    const asked = installedBy((await host.run('setup', '--bench')).calls);
    const all = ['build', 'demo', 'dev', 'bench'].flatMap(section);
    expect(asked).toEqual(all.filter((name) => !host.stubs.includes(name)));
    // The tools that bench/disk.ts names: one that is missing would leave a comparison out.
    expect(asked).toEqual(expect.arrayContaining(['pigz', 'nbdkit', 'libnbd-bin', 'isal']));
  });

  it('asks apt for nothing when all is there, and only for what is missing', async () => {
    expect((await clone(section('build')).run('setup')).calls).toBe('');
    const { calls } = await clone(section('build').filter((name) => name !== 'xorriso')).run('setup');
    expect(installedBy(calls)).toEqual(['xorriso']);
  });

  it('a Packer that comes from elsewhere is not covered by the older one of the distribution', async () => {
    const host = clone(section('build').filter((name) => name !== 'packer'));
    host.tool('packer', 'echo Packer v1.11.2');
    expect((await host.run('setup')).calls).toBe('');
  });

  it('a release without one of the packages: its name, before anything is installed', async () => {
    const host = clone([]);
    host.tool('apt-cache', '[ "$2" != packer ]');
    const { code, stderr, calls } = await host.run('setup');
    expect([code, installedBy(calls)]).toEqual([4, undefined]);
    expect(stderr).toContain('no package packer');
  });

  it('npm ci where modules are missing, of another version or not unpacked; not for a missing stamp', async () => {
    const stamp = { modules: false };
    expect((await clone(section('build'), stamp).run('setup')).calls).toMatch(/^npm ci /);
    const host = clone(section('build'));
    rmSync(join(host.dir, 'node_modules'));
    mkdirSync(join(host.dir, 'node_modules'));
    const lock = JSON.parse(readFileSync(join(ROOT, 'node_modules/.package-lock.json'), 'utf8'));
    for (const path of [
      ...Object.keys(lock.packages).filter((path) => path.startsWith('node_modules/')),
      'node_modules/.bin',
      'node_modules/.package-lock.json',
    ]) {
      if (path.split('node_modules/').length > 2) continue;
      mkdirSync(join(host.dir, path, '..'), { recursive: true });
      symlinkSync(join(ROOT, path), join(host.dir, path));
    }
    expect((await host.run('setup')).calls).toBe('');
    for (const path of ['node_modules/dgxos-maas-sandbox', 'node_modules/vitest']) {
      rmSync(join(host.dir, path));
      expect((await host.run('setup')).calls).toMatch(/^npm ci /);
      rmSync(join(host.dir, 'calls'));
      if (path.endsWith('sandbox')) symlinkSync(join(ROOT, path), join(host.dir, path));
    }
    symlinkSync(join(ROOT, 'node_modules/zx'), join(host.dir, 'node_modules/vitest'));
    expect((await host.run('setup')).calls).toMatch(/^npm ci /);
  });
});

describe('arguments are looked at before anything is installed', () => {
  it.each([
    ['setup', '--help'],
    ['setup', '-h'],
    ['setup', '--dev', '--help'],
    ['test', '--help'],
    ['test', 'unit', '-h'],
    ['demo', '--help'],
    ['demo', '--fresh', '-h'],
  ])('%s %s %s: help', async (script, ...args) => {
    const { code, stdout, stderr, calls } = await clone([], { modules: false }).run(script, ...args);
    expect([code, stderr, calls]).toEqual([0, '', '']);
    expect(stdout).toMatch(new RegExp(`^usage: scripts/${script} `));
  });

  it.each([
    ['setup', '--demmo'],
    ['setup', 'unit'],
    ['setup', '--demo', '--dev'],
    ['test', 'units'],
    ['test', '--verbose'],
    ['test', 'unit', ''],
    ['demo', '--boot'],
    ['demo', '--boot', 'fast'],
    ['demo', '--boot=fast'],
    ['demo', '--dir'],
    ['demo', '--dir', '--fresh'],
    ['demo', 'fresh'],
  ])('%s %s %s: usage', async (script, ...args) => {
    const { code, stdout, stderr, calls } = await clone([], { modules: false }).run(script, ...args);
    expect([code, stdout, calls]).toEqual([2, '', '']);
    expect(stderr).toContain(`usage: scripts/${script} `);
  });
});
