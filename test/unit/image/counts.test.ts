import { describe, expect, test } from 'vitest';
import { countsCollector } from '../../../pipeline/image/facts/collect/counts.ts';
import type { Member } from '../../../pipeline/image/facts/collector.ts';

const member = (path: string, more: Partial<Member> = {}): Member => ({
  ...{ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 10, stored: 10, sparse: false, link: null },
  ...{ xattrs: new Map(), acls: [] },
  ...more,
});

/** The counts of these members, one after the other. */
function counted(...members: Member[]) {
  const collector = countsCollector();
  for (const one of members) collector.member?.(one);
  return collector.finish(new Map() as never, new Map() as never) as Exclude<
    ReturnType<typeof collector.finish>,
    Promise<unknown>
  >;
}

describe('the counts of an image', () => {
  test('is counted by type, with the bytes of files', () => {
    expect(
      counted(
        member('', { type: 'directory' }),
        member('a', { size: 100, stored: 30, sparse: true }),
        member('b'),
        member('l', { type: 'symlink' }),
        member('h', { type: 'hard-link' }),
        member('dev/null', { type: 'character-device' }),
        member('dev/sda', { type: 'block-device' }),
        member('p', { type: 'fifo' }),
      ),
    ).toMatchObject({
      counts: {
        files: 2,
        directories: 1,
        symlinks: 1,
        hardLinks: 1,
        sparse: 1,
        devices: 2,
        fifos: 1,
        other: 0,
      },
      bytes: { apparent: 110, stored: 40 },
      devices: { count: 2 },
    });
  });

  test('names what lies at the top, without the root itself, and 64 of many', () => {
    const { top } = counted(member(''), member('etc/a'), member('etc/b'), member('x'));
    expect(top).toEqual(['etc', 'x']);
    expect(counted(...Array.from({ length: 70 }, (_, i) => member(`f${i}`))).top).toHaveLength(64);
  });

  test('names the hundred biggest files, the biggest first', () => {
    const sizes = Array.from({ length: 102 }, (_, i) => (i * 37) % 102);
    const { biggest } = counted(...sizes.map((stored) => member(`f${stored}`, { stored })));
    expect(biggest.map(({ bytes }) => bytes)).toEqual(Array.from({ length: 100 }, (_, i) => 101 - i));
  });

  test('names folders to the third level, by what lies in them', () => {
    const { directories } = counted(
      ...['r', 'usr/a', 'usr/b', 'usr/lib/x/y/z', 'usr/lib/x/v', 'usr/lib/x/w'].map((path) => member(path)),
    );
    expect(directories).toEqual([
      { path: 'usr/lib/x', bytes: 30, files: 3 },
      { path: 'usr', bytes: 20, files: 2 },
      { path: '', bytes: 10, files: 1 },
    ]);
  });

  test.each([
    ['x/etc/os-release', 'x'],
    ['a/b/c/etc/os-release', 'a/b/c'],
    ['a/b/c/d/etc/os-release', null],
    ['usr/etc/os-release', null],
    ['etc/os-release', null],
  ])('sees the root that lies in a folder by %s: %j', (path, nestedRoot) => {
    expect(counted(member(path), member('second/etc/os-release')).nestedRoot).toBe(nestedRoot ?? 'second');
  });
});
