import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect, NET_RAW } from '../../unit/checks/root.ts';

let dir: string;
let tree: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'gnu-tar-'));
  tree = join(dir, 'tree');
  mkdirSync(join(tree, 'etc/apt'), { recursive: true });
  mkdirSync(join(tree, 'var/lib/dpkg'), { recursive: true });
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
  writeFileSync(join(tree, 'plain'), 'x');
  linkSync(join(tree, 'plain'), join(tree, 'second'));
  symlinkSync('plain', join(tree, 'soft'));
  writeFileSync(join(tree, 'suid'), 'x');
  chmodSync(join(tree, 'suid'), 0o4755);
  mkdirSync(join(tree, 'd'.repeat(120)));
  writeFileSync(join(tree, 'd'.repeat(120), 'n'.repeat(150)), 'x');
  // The name is cut at 100 bytes, just behind the slash.
  mkdirSync(join(tree, 'e'.repeat(97)));
  writeFileSync(join(tree, 'e'.repeat(97), 'behind-the-slash'), 'content');
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/latin`), Buffer.from([0xe9])]), 'x');
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/latin`), Buffer.from([0xe8])]), 'x');
  writeFileSync(join(tree, 'new\nline'), 'x');
  sparse(
    join(tree, 'sparse'),
    200_000_000,
    [0, 3_000_000, 9_000_000, 50_000_000, 70_000_000, 90_000_000, 120_000_000],
  );
  sparse(
    join(tree, 'holes'),
    50_000_000,
    Array.from({ length: 60 }, (_, i) => i * 800_000),
  );
  sparse(join(tree, 'hole'), 50_000_000, []);
  // A file that is read whole, with holes in it.
  const status = join(tree, 'var/lib/dpkg/status');
  writeFileSync(status, 'Package: first\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n');
  truncateSync(status, 600_000);
  writeFileSync(
    status,
    '\n\nPackage: last\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2\n\n',
    { flag: 'a' },
  );
  writeFileSync(join(tree, 'zz-last'), 'x');
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function sparse(path: string, size: number, places: number[]): void {
  const file = openSync(path, 'w');
  for (const place of places) writeSync(file, 'data', place);
  closeSync(file);
  truncateSync(path, size);
}

function tar(...flags: string[]): Buffer {
  return execFileSync('tar', ['-C', tree, '--numeric-owner', '--sort=name', ...flags, '-cf', '-', '.'], {
    maxBuffer: 2 ** 30,
  });
}

describe.each([
  ['GNU', ['--format=gnu']],
  ['PAX', ['--format=posix']],
])('an archive in %s format', (_name, format) => {
  it('has the members that tar lists, long and odd names too', async () => {
    const bytes = tar(...format);
    const listed = execFileSync('tar', ['-tf', '-'], { input: bytes }).toString().trim().split('\n');
    const facts = await inspect(bytes);
    expect(facts.archive).toMatchObject({ whole: true, problems: [], members: listed.length });
    expect(facts.counts).toMatchObject({ symlinks: 1, hardLinks: 1, sparse: 0 });
    expect(facts.owners.setuid.map((s) => [s.path, s.mode])).toEqual([['/suid', '4755']]);
    expect(facts.packages.map((p) => p.name)).toEqual(['first', 'last']);
  });
});

describe.each([
  ['GNU', ['--format=gnu']],
  ['PAX 0.0', ['--format=posix', '--sparse-version=0.0']],
  ['PAX 0.1', ['--format=posix', '--sparse-version=0.1']],
  ['PAX 1.0', ['--format=posix', '--sparse-version=1.0']],
])('sparse files in %s format', (_name, format) => {
  it('keep their names and lengths, count little, and shift nothing behind them', async () => {
    const bytes = tar('-S', ...format);
    expect(bytes.length).toBeLessThan(5_000_000);
    const facts = await inspect(bytes, 10_007);
    expect(facts.archive).toMatchObject({ whole: true, problems: [], members: 23 });
    expect(facts.counts.sparse).toBe(4);
    expect(facts.bytes.apparent).toBeGreaterThan(300_000_000);
    expect(facts.bytes.stored).toBeLessThan(2_000_000);
    const names = facts.biggest.map((b) => b.path);
    for (const name of ['sparse', 'holes', 'hole', 'zz-last']) expect(names).toContain(name);
    expect(names.join()).not.toContain('GNUSparseFile');
  });

  it('are put together again where they are read', async () => {
    const facts = await inspect(tar('-S', ...format), 4096);
    expect(facts.packages.map((p) => [p.name, p.status])).toEqual([
      ['first', 'ii'],
      ['last', 'ii'],
    ]);
    expect(facts.unread).toEqual([]);
  });
});

describe('attributes', () => {
  it('are whole, binary ones too', async () => {
    const program = join(tree, 'capable');
    writeFileSync(program, 'x');
    execFileSync('setfattr', ['-n', 'user.binary', '-v', `0x${'00ff0a3d80'.repeat(4)}`, program]);
    execFileSync('setcap', ['cap_net_raw,cap_net_admin+ep', program]);
    const facts = await inspect(tar('--format=posix', '--xattrs', '--xattrs-include=*', '-S'));
    expect(facts.xattrs.capabilities).toEqual([
      { path: '/capable', capabilities: 'cap_net_admin,cap_net_raw=ep', valid: true },
    ]);
    expect(facts.xattrs.names).toMatchObject({ 'user.binary': 1, 'security.capability': 1 });
    expect(NET_RAW.length).toBe(20);
  });
});
