import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitlabJobs } from '../../../pipeline/nightly/output/matrix.ts';
import { RECIPES, ROOT, recipe } from '../../unit/recipes/commands.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'recipes-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the units of systemd', () => {
  const UNITS = ['dgxos-maas-nightly.service', 'dgxos-maas-nightly.timer'];
  const verify = async (change = (text: string) => text) => {
    for (const unit of UNITS) {
      // As if this tree were installed: what the units start must be there.
      const text = readFileSync(join(RECIPES, 'systemd', unit), 'utf8').replaceAll(
        '/opt/dgxos-maas/',
        `${ROOT}/`,
      );
      writeFileSync(join(dir, unit), change(text));
    }
    return execa('systemd-analyze', ['verify', '--man=no', ...UNITS.map((unit) => join(dir, unit))], {
      reject: false,
      all: true,
    });
  };

  it('are without fault for systemd-analyze verify', async () => {
    const { exitCode, all } = await verify();
    expect([exitCode, all]).toEqual([0, '']);
  });

  it.each([
    [
      'a setting that is not there',
      (text: string) => text.replace('ProtectClock', 'ProtectClok'),
      'ProtectClok',
    ],
    ['a program that is not there', (text: string) => text.replace('bin/node ', 'bin/nod '), 'nod'],
    ['a time that is none', (text: string) => text.replace('02:17:00', '25:17:00'), '25:17'],
  ])('%s would be found', async (_, change, named) => {
    expect((await verify(change)).all).toContain(named);
  });

  it('the service is hardened: an exposure of at most 2.5 of 10', async () => {
    await verify();
    const argv = ['security', '--offline=yes', '--threshold=25', join(dir, UNITS[0] as string)];
    const { exitCode, all } = await execa('systemd-analyze', argv, { reject: false, all: true });
    expect(exitCode, all).toBe(0);
  });

  it('the timer comes at night, once a day', async () => {
    const [, calendar] = /^OnCalendar=(.*)$/m.exec(recipe('systemd/dgxos-maas-nightly.timer')) ?? [];
    const { stdout } = await execa('systemd-analyze', ['calendar', '--iterations=2', calendar as string]);
    expect(stdout.match(/ 02:17:00 /g)?.length).toBeGreaterThanOrEqual(2);
  });
});

describe('the jobs of GitLab CI', () => {
  const LOCAL = join(ROOT, 'node_modules/.bin/gitlab-ci-local');
  /** GitLab's own JSON schema of .gitlab-ci.yml, as gitlab-ci-local carries it. */
  const validate = async (change = (text: string) => text, name = 'nightly') => {
    if (!existsSync(join(dir, '.git'))) {
      await execa('git', ['init', '-q', '-b', 'main'], { cwd: dir });
      await execa('git', ['remote', 'add', 'origin', 'git@gitlab.example:group/images.git'], { cwd: dir });
    }
    writeFileSync(join(dir, '.gitlab-ci.yml'), change(recipe(`gitlab-ci/${name}.gitlab-ci.yml`)));
    return execa(process.execPath, [LOCAL, '--preview'], {
      cwd: dir,
      reject: false,
      all: true,
      env: { HOME: dir },
    });
  };

  it('a plan, its child pipeline and the rest follow the schema of GitLab', async () => {
    const { exitCode, all } = await validate(undefined, 'matrix-nightly');
    expect(exitCode, all).toBe(0);
    expect(all).toContain('artifact: units.yml');
    const unit = {
      image: 'dgx1',
      builtSince: '2026-11-29T00:00:00.000Z',
      architecture: 'amd64',
      capability: 'kvm',
    };
    for (const units of [[], [unit]]) {
      const child = await validate((text) => `${text}${gitlabJobs(units as never)}`, 'unit');
      expect(child.exitCode, child.all).toBe(0);
      expect(child.all).toContain(units.length > 0 ? 'build dgx1' : 'nothing to build');
    }
  });

  it('follows the schema of GitLab', async () => {
    const { exitCode, all } = await validate();
    expect(exitCode, all).toBe(0);
    expect(all).toContain('nightly/nightly.env');
  });

  it.each([
    ['a report that is not there', (text: string) => text.replace('dotenv:', 'dotenvs:'), 'dotenvs'],
    [
      'a job that is not there',
      (text: string) => text.replace('needs: [nightly]', 'needs: [nightyl]'),
      'nightyl',
    ],
  ])('%s would be found', async (_, change, named) => {
    const { exitCode, all } = await validate(change);
    expect(exitCode).not.toBe(0);
    expect(all).toContain(named);
  });
});
