import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { ROOT, type Workspace } from './demo.ts';

/** One for each test file that runs at the same time. */
const WORKER = Number(process.env.VITEST_POOL_ID ?? 1);
const USER = `dgxos-maas-test-${WORKER}`;
const FIRST_ID = 700_000 + WORKER * 65_536;

/** Changes the users of this host, one test file after the other: the tools refuse while another one does. */
const users = (...argv: string[]) => execFileSync('flock', ['/etc', ...argv], { stdio: 'pipe' });

/** A user with a range of ids of its own, for the tests of a file; whoever runs them must be root. */
export function withOrdinaryUser(): void {
  beforeAll(() => {
    const range = `${FIRST_ID}-${FIRST_ID + 65_535}`;
    users('useradd', '--create-home', USER);
    users('usermod', '--add-subuids', range, '--add-subgids', range, USER);
  });
  afterAll(() => void users('userdel', '--remove', '--force', USER));
}

/** Gives a workspace, and files in it, to that user, with a copy of the program that it can reach wherever the clone is. */
export function asOrdinaryUser(own: Workspace, ...files: string[]) {
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, USER], { encoding: 'utf8' })),
  );
  execFileSync('mkdir', ['-p', own.work]);
  for (const path of [own.dir, own.work, own.config, ...files]) chownSync(path, uid!, gid!);
  chmodSync(own.dir, 0o755);
  const product = join(own.dir, 'product');
  execFileSync('mkdir', [product]);
  const parts = ['bin', 'pipeline', 'templates', 'schema', 'package.json', 'node_modules'];
  execFileSync('cp', ['-a', ...parts.map((part) => join(ROOT, part)), product]);
  const node = join(product, 'node_modules/node/bin/node');
  return (...args: string[]) => {
    const argv = [
      ...[`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--reset-env'],
      ...['env', `PATH=${process.env.PATH}`, 'NO_COLOR=1'],
      ...[node, join(product, 'bin/dgxos-maas.js'), '--config', own.config, ...args],
    ];
    const child = spawn('setpriv', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const code = new Promise((done) => child.on('close', done));
    return { child, code, stderr: () => stderr };
  };
}

/** The members of a tar with modes, owners and sizes of files, without times. */
export function membersOf(file: string): string[] {
  return (
    execFileSync('tar', ['-tvf', file, '--numeric-owner', '--utc'], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
      .split('\n')
      .map((line) => line.replace(/ \d{4}-\d\d-\d\d \d\d:\d\d/, '').replace(/^(d\S+ \S+) +\d+/, '$1'))
      // An initrd holds times and inode numbers, so its compressed size varies.
      .map((line) => line.replace(/ +\d+(?= +\.\/boot\/initrd\.img-)/, ''))
      .filter(Boolean)
  );
}
