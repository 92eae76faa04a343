import { describe, expect, it } from 'vitest';
import { Budget } from '../../../pipeline/image/facts/budget.ts';
import { OwnershipTable } from '../../../pipeline/image/facts/ownership.ts';
import { Tree } from '../../../pipeline/image/facts/tree.ts';
import { nameProblem, normalise } from '../../../pipeline/image/tar/names.ts';

const owned = { mode: 0o644, uid: 0, gid: 0 };
const DEEP = 'd'.repeat(200);

/** A tree of members in order: `path/` is a folder, `path -> target` a link, `path*` a program. */
function treeOf(...members: string[]): Tree {
  const tree = new Tree(new Budget());
  for (const written of members) {
    const [name = '', target = null] = written.split(' -> ');
    const place = tree.place(name.replace(/[/*]$/, ''));
    if ('obstacle' in place) continue;
    tree.add(place.path, {
      ...{ directory: name.endsWith('/'), executable: name.endsWith('*'), symlink: target, owned },
    });
  }
  return tree;
}

describe('the place of a member', () => {
  it.each<[string, string[], string, string | { obstacle: string }]>([
    ['as it is named', ['a/'], 'a/b', 'a/b'],
    ['in folders that nobody packed', [], 'a/b/c', 'a/b/c'],
    ['through a link', ['usr/', 'usr/bin/', 'bin -> usr/bin'], 'bin/sh', 'usr/bin/sh'],
    [
      'through a link with dots and doubled slashes',
      ['usr/', 'usr/bin/', 'bin -> ./usr//bin/.'],
      'bin/sh',
      'usr/bin/sh',
    ],
    ['through a link to the folder it is in', ['a/', 'a/l -> .'], 'a/l/x', 'a/x'],
    ['through a link to the root itself', ['l -> .'], 'l/x', 'x'],
    ['through two links', ['a/', 'b -> a', 'c -> b'], 'c/x', 'a/x'],
    ['not through a link that goes up', ['a/', 'a/l -> ../a'], 'a/l/x', { obstacle: 'below-symlink' }],
    ['not through an absolute link', ['a/', 'l -> /a'], 'l/x', { obstacle: 'below-symlink' }],
    ['not through a link to nothing', ['l -> gone'], 'l/x', { obstacle: 'below-symlink' }],
    ['not through a link to a file', ['f', 'l -> f'], 'l/x', { obstacle: 'below-symlink' }],
    ['not below a file', ['f'], 'f/x', { obstacle: 'below-file' }],
    ['not through a link to itself', ['l -> l'], 'l/x', { obstacle: 'below-symlink' }],
  ])('is %s', (_how, members, name, expected) => {
    expect(treeOf(...members).place(name)).toEqual(
      typeof expected === 'string' ? { path: expected } : expected,
    );
  });

  it('is not further than 40 links, and not longer than a path may be', () => {
    const chain = (links: number) => [
      'd0/',
      ...Array.from({ length: links }, (_, i) => `d${i + 1} -> d${i}`),
    ];
    expect(treeOf(...chain(39)).place('d39/x')).toEqual({ path: 'd0/x' });
    expect(treeOf(...chain(40)).place('d40/x')).toEqual({ obstacle: 'below-symlink' });
    const folder = Array.from({ length: 19 }, () => DEEP).join('/');
    const long = treeOf(`${folder}/`, `l -> ${folder}`);
    const most = 4095 - folder.length - 1;
    expect(long.place(`l/${'x'.repeat(most)}`)).toEqual({ path: `${folder}/${'x'.repeat(most)}` });
    expect(long.place(`l/${'x'.repeat(most + 1)}`)).toEqual({ obstacle: 'below-symlink' });
  });
});

describe('a path is followed', () => {
  const tree = treeOf(
    ...[
      'usr/',
      'usr/bin/',
      'usr/bin/sh*',
      'usr/bin/data',
      'bin -> usr/bin',
      'sh -> /bin/sh',
      'up -> ../../usr',
    ],
    ...['loop -> loop', 'gone -> nowhere', 'usr/bin/d -> .'],
  );
  it.each<[string, string | null, boolean, boolean]>([
    ['bin/sh', 'usr/bin/sh', false, true],
    ['sh', 'usr/bin/sh', false, true],
    ['bin/data', 'usr/bin/data', false, false],
    ['up/bin', 'usr/bin', true, false],
    ['usr/../usr/./bin//sh', 'usr/bin/sh', false, true],
    ['bin/d/d/sh', 'usr/bin/sh', false, true],
    ['bin/..', 'usr', true, false],
    ['', '', true, false],
    ['loop', null, false, false],
    ['gone', null, false, false],
    ['none', null, false, false],
  ])('%j to %j', (path, real, directory, executable) => {
    expect([tree.resolve(path), tree.isDirectory(path), tree.executable(path)]).toEqual([
      real,
      directory,
      executable,
    ]);
    expect(tree.loops(path)).toBe(path === 'loop');
  });

  it('over 40 links and no more', () => {
    const chain = (links: number) =>
      treeOf('d0', ...Array.from({ length: links }, (_, i) => `d${i + 1} -> d${i}`));
    expect(chain(40).resolve('d40')).toBe('d0');
    expect(chain(41).resolve('d41')).toBeNull();
    expect(chain(41).loops('d41')).toBe(true);
  });

  it('when there are more of them than the table began with', () => {
    const many = treeOf(...Array.from({ length: 60_000 }, (_, i) => `f${i}${i % 2 ? '*' : ''}`));
    expect([
      many.size,
      many.executable('f1'),
      many.executable('f2'),
      many.has('f59999'),
      many.has('f60000'),
    ]).toEqual([60_000, true, false, true, false]);
  });
});

it('65,535 owners and modes are kept apart, and the next ones are not known', () => {
  const table = new OwnershipTable();
  const numbers = Array.from({ length: 65_537 }, (_, uid) => table.number({ mode: 0o644, uid, gid: 0 }));
  expect(numbers.slice(65_534)).toEqual([65_535, 0, 0]);
  expect(table.get(65_535)).toEqual({ mode: 0o644, uid: 65_534, gid: 0 });
  expect(table.get(0)).toBeNull();
  expect(table.number({ mode: 0o644, uid: 7, gid: 0 })).toBe(8);
  for (const other of [{ mode: 0o600 }, { uid: 9 }, { gid: 1 }]) {
    const fresh = new OwnershipTable();
    const first = fresh.number({ mode: 0o644, uid: 0, gid: 0 });
    expect(fresh.number({ mode: 0o644, uid: 0, gid: 0, ...other })).not.toBe(first);
  }
});

describe('a name of a member', () => {
  const long = (bytes: number) => 'n'.repeat(bytes);
  const path = (bytes: number) => `${Array.from({ length: 30 }, () => long(199)).join('/')}`.slice(0, bytes);
  it.each<[string, 'file' | 'directory', string | null]>([
    ['', 'file', 'bad-name'],
    ['/a', 'file', 'absolute'],
    ['a/../b', 'file', 'escape'],
    ['..', 'directory', 'escape'],
    ['a..b/..c', 'file', null],
    ['.', 'directory', null],
    ['.', 'file', 'bad-name'],
    ['a/.', 'file', 'bad-name'],
    ['a/.//', 'file', 'bad-name'],
    ['a.', 'file', null],
    [long(255), 'file', null],
    [long(256), 'file', 'bad-name'],
    [`a/${long(255)}`, 'file', null],
    [`a/${long(256)}`, 'file', 'bad-name'],
    [`${long(256)}/a`, 'file', 'bad-name'],
    [path(4095), 'file', null],
    [path(4096), 'file', 'bad-name'],
    [`${path(4095)}//`, 'directory', null],
  ])('%.20s, %s: %s', (name, type, problem) => {
    expect(nameProblem(name, type)).toBe(problem);
  });

  it.each([
    ['./a', 'a'],
    ['a/', 'a'],
    ['./', ''],
    ['.', ''],
    ['a//b', 'a/b'],
    ['a/./b', 'a/b'],
    ['a/.', 'a'],
    ['.//a', 'a'],
    ['././a', 'a'],
    ['a//', 'a'],
    ['/a', 'a'],
    ['a./b', 'a./b'],
    ['.a', '.a'],
  ])('%j is %j', (name, path) => {
    expect(normalise(name)).toBe(path);
  });
});
