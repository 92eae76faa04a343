import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Host } from '../cli/host.ts';

const ROOT = join(import.meta.dirname, '../../..');
const COMMAND = 'bin/dgxos-maas.js';
/** Says what it was called with, and has a configuration. */
const STAND_IN = `#!/bin/sh
[ "$1" = config ] || { for word; do printf '<%s>' "$word"; done; echo; }
`;

const host = new Host({ MAKEFLAGS: '' });
const parent = mkdtempSync(join(tmpdir(), 'make-'));
// A path with a space, as a clone may have.
const clone = join(parent, 'a clone');
afterAll(() => {
  host.remove();
  rmSync(parent, { recursive: true, force: true });
});

beforeAll(async () => {
  const { stdout } = await execa('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT });
  for (const name of stdout.split('\0').filter((one) => one && !/^(test|docs|bench)\//.test(one))) {
    if (!existsSync(join(ROOT, name))) continue;
    mkdirSync(dirname(join(clone, name)), { recursive: true });
    cpSync(join(ROOT, name), join(clone, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  // The modules are those of this clone: nothing may install others over them.
  mkdirSync(join(parent, 'bin'));
  writeFileSync(join(parent, 'bin/npm'), '#!/bin/sh\necho "npm $*" >&2\nexit 1\n', { mode: 0o755 });
  host.env.PATH = `${join(parent, 'bin')}:${host.env.PATH}`;
});
beforeEach(() => {
  rmSync(join(clone, 'dgxos-maas.yaml'), { force: true });
  cpSync(join(ROOT, COMMAND), join(clone, COMMAND));
});

const make = (...words: string[]) =>
  execa('make', ['--no-print-directory', ...words], {
    cwd: clone,
    env: host.env,
    extendEnv: false,
    reject: false,
  });

describe('make in a clone', () => {
  it('without a target names its targets', async () => {
    const { stdout, exitCode } = await make();
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/)[0])).toEqual([
      'make check-deps',
      'make dgx1 ISO=FILE',
      'make upload-dgx1',
    ]);
  });

  it.each([
    [['dgx1', 'ISO=/isos/DGXOS-5.iso'], '<build><dgx1><--iso></isos/DGXOS-5.iso>'],
    [['dgx1', 'ISO=/isos/two words.iso'], '<build><dgx1><--iso></isos/two words.iso>'],
    [['dgx1', `ISO=/isos/$HOME's "x" ;\`id\`#.iso`], `<build><dgx1><--iso></isos/$HOME's "x" ;\`id\`#.iso>`],
    [
      ['dgx1', 'ISO=http://isos.example/a.iso?x=1&y=2'],
      '<build><dgx1><--iso><http://isos.example/a.iso?x=1&y=2>',
    ],
    [['dgx1'], '<build><dgx1>'],
    [['dgx1', 'ISO='], '<build><dgx1>'],
    // There are a file and a folder of these names.
    [['LICENSE'], '<build><LICENSE>'],
    [['packer'], '<build><packer>'],
    [['dgx_a100', 'dgx2'], '<build><dgx_a100>\n<build><dgx2>'],
    [['upload-dgx1'], '<upload><dgx1>'],
    [['check-deps'], '<doctor>'],
  ])('%j', async (words, called) => {
    writeFileSync(join(clone, COMMAND), STAND_IN, { mode: 0o755 });
    const { stdout, stderr, exitCode } = await make(...words);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toBe(called);
  });

  it('-n shows what would be called, and calls nothing', async () => {
    const { stdout } = await make('-n', 'dgx1', 'ISO=a b.iso');
    expect(stdout).toContain('./bin/dgxos-maas.js build dgx1');
    expect(existsSync(join(clone, 'dgxos-maas.yaml'))).toBe(false);
  });

  it('writes a configuration where there is none; says that the licence is not accepted, then which ISO is missing', async () => {
    const first = await make('dgx1', 'ISO=isos/no such.iso');
    expect(first.exitCode).toBe(2);
    expect(first.stderr).toContain('[LICENCE_NOT_ACCEPTED]');
    const file = join(clone, 'dgxos-maas.yaml');
    const written = readFileSync(file, 'utf8');
    expect(written).toMatch(/^ +# accept_eula: true/m);
    writeFileSync(file, written.replace(/^( +)# accept_eula: true/m, '$1accept_eula: true'));
    const { stderr, exitCode } = await make('dgx1', 'ISO=isos/no such.iso');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`The ISO ${join(clone, 'isos/no such.iso')} does not exist [ISO_NOT_FOUND]`);
    expect(stderr).toMatch(/make: \*\*\* .*dgx1\] Error 3/);
  });

  it('says which images there are where the one asked for is not', async () => {
    writeFileSync(
      join(parent, 'dgxos-maas.yaml'),
      'images:\n  mine: { release: demo, platform: demo1, version: "1", iso: { source: a.iso, sha256: "' +
        '0'.repeat(64) +
        '" } }\n',
    );
    const { stderr, exitCode } = await make('dgx1', 'ISO=a.iso');
    rmSync(join(parent, 'dgxos-maas.yaml'));
    expect(exitCode).toBe(2);
    expect(stderr).toContain('There is no image "dgx1"');
    expect(stderr).toContain('The images are: mine');
    // The one in a folder above counts.
    expect(existsSync(join(clone, 'dgxos-maas.yaml'))).toBe(false);
  });

  it('says that a variable of packer-maas has no effect', async () => {
    const { stderr } = await make('-n', 'dgx1', 'TIMEOUT=2h', 'ARCH=amd64');
    expect(stderr).toContain('TIMEOUT has no effect');
    expect(stderr).toContain('ARCH has no effect');
    expect((await make('-n', 'dgx1')).stderr).toBe('');
  });

  it('without node says how to get it', async () => {
    mkdirSync(join(parent, 'sh'));
    symlinkSync('/bin/sh', join(parent, 'sh/sh'));
    const { stderr, exitCode } = await execa('/usr/bin/make', ['dgx1'], {
      cwd: clone,
      env: { PATH: join(parent, 'sh') },
      extendEnv: false,
      reject: false,
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('make: node is missing: sudo apt-get install nodejs npm');
  });

  it('clean deletes nothing, and says where things are', async () => {
    mkdirSync(join(clone, '.dgxos-maas/dgx1'), { recursive: true });
    expect((await make('clean')).stderr).toContain('.dgxos-maas/IMAGE');
    expect(existsSync(join(clone, '.dgxos-maas/dgx1'))).toBe(true);
  });
});
