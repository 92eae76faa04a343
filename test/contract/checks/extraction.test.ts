import { execFileSync, spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Entry, entryBytes, PLAIN } from '../../fuzz/tar-entry.ts';
import { archive } from '../../fuzz/tar-grammar.ts';
import fc from '../../property.ts';
import { inspect } from '../../unit/checks/root.ts';
import { blockers, difference, extract } from './extracted.ts';

let dir: string;
let tree: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'extraction-'));
  tree = join(dir, 'tree');
  mkdirSync(join(tree, 'usr/lib/sub'), { recursive: true });
  mkdirSync(join(tree, 'etc'));
  writeFileSync(join(tree, 'etc/hostname'), 'x\n');
  linkSync(join(tree, 'etc/hostname'), join(tree, 'etc/second'));
  symlinkSync('usr/lib', join(tree, 'lib'));
  symlinkSync('../usr', join(tree, 'etc/up'));
  writeFileSync(join(tree, 'usr/lib/sub/holes'), 'data');
  truncateSync(join(tree, 'usr/lib/sub/holes'), 3_000_000);
  writeFileSync(join(tree, 'usr/lib', 'long'.repeat(60)), 'x');
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function tar(...flags: string[]): Buffer {
  return execFileSync('tar', ['-C', tree, ...flags, '-cf', '-', '.'], { maxBuffer: 2 ** 28 });
}

const END = Buffer.alloc(1024);

/** An archive of plain files but for what is said. */
function made(...entries: Partial<Entry>[]): Buffer {
  return Buffer.concat([...entries.map((entry) => entryBytes({ ...PLAIN, ...entry })), END]);
}

const kinds = async (bytes: Buffer) => (await inspect(bytes)).archive.problems.map(({ kind }) => kind);

describe('any archive', () => {
  it('its members are those that GNU tar extracts, or the verdict is a blocker', async () => {
    await fc.assert(
      fc.asyncProperty(archive, async (bytes) => {
        expect(await difference(bytes)).toBeNull();
      }),
      { numRuns: 250 },
    );
  }, 300_000);
});

describe('an archive that GNU tar takes', () => {
  it.each([
    ['holes', ['-S']],
    ['oldgnu', ['-S', '--format=oldgnu']],
    ['ustar', ['--format=ustar', '--exclude=long*']],
    ['v7', ['--format=v7', '--exclude=long*']],
    ['POSIX', ['-S', '--format=posix']],
    ["GNU's label", ['-V', 'A LABEL']],
    ["POSIX' label", ['--format=posix', '-V', 'A LABEL']],
    ['an incremental list', ['-g', '!']],
    ['a POSIX incremental list', ['--format=posix', '-g', '!']],
    ['records for all', ['--format=posix', '--pax-option=globexthdr.name=g,comment=hello,mtime=1000']],
    ['a negative time', ['--mtime=@-86400', '--format=gnu']],
    ['a negative time in POSIX', ['--mtime=@-86400.5', '--format=posix']],
    ['a great owner', ['--owner=:3000000', '--group=:3000000']],
  ])('with %s has no finding', async (_name, flags) => {
    // A list of its own each time: `-g` writes what it saw.
    const bytes = tar(...flags.map((flag) => (flag === '!' ? join(dir, `list-${Math.random()}`) : flag)));
    expect(await kinds(bytes)).toEqual([]);
    expect(await difference(bytes)).toBeNull();
  });

  it.each<[string, Partial<Entry>[]]>([
    [
      'below a relative link to a folder',
      [{ type: '5', name: 'usr/lib/' }, { type: '2', name: 'lib', link: 'usr/lib' }, { name: 'lib/x' }],
    ],
    [
      'below links that lead on',
      [
        { type: '5', name: 'd/' },
        { type: '2', name: 'm', link: 'd' },
        { type: '2', name: 'l', link: './m' },
        { name: 'l/e/x' },
      ],
    ],
    [
      'linked through a link',
      [{ name: 'd/x' }, { type: '2', name: 'l', link: 'd' }, { type: '1', name: 'y', link: 'l/x' }],
    ],
    [
      'linked to a symlink',
      [
        { type: '2', name: 'l', link: 'x' },
        { type: '1', name: 'y', link: 'l' },
      ],
    ],
    [
      'with a size in its hard link',
      [
        { name: 'x', size: 1 },
        { type: '1', name: 'y', link: 'x', size: 513 },
      ],
    ],
    ['with a size in its folder', [{ type: '5', name: 'd/', size: 513 }, { name: 'd/x' }]],
    ['in folders that have no member', [{ name: 'a/b/c/d' }]],
    [
      'with blanks and NULs in its fields',
      [
        {
          name: 'x',
          size: 513,
          sizeForm: 'blank-ended',
          mode: '   644 \0',
          uid: '\x000010\0',
          gid: '12\0junk!',
        },
      ],
    ],
    ['with a size in base 256', [{ name: 'x', size: 1400, sizeForm: 'base-256' }, { name: 'y' }]],
    ['with a signed sum', [{ name: 'e\xc3\xa9', signedSum: true }]],
    ["of star's own format", [{ name: 'x', prefix: 'some/folder', magic: 'star' }]],
    ['with the longest names', [{ name: '', longName: `${'p'.repeat(200)}/`.repeat(20) + 'q'.repeat(75) }]],
  ])('and members %s has no finding', async (_name, entries) => {
    const bytes = made(...entries);
    expect(await kinds(bytes)).toEqual([]);
    expect(await difference(bytes)).toBeNull();
  });

  it.each(['N', 'A', 'I', 'z'])(
    'and takes a member of type %s for a file, is judged by that file',
    async (type) => {
      const bytes = made({ type, name: 'etc/sudoers', size: 513, mode: '0000666\0' });
      const facts = await inspect(bytes);
      expect(facts.archive.problems.map(({ kind }) => kind)).toEqual(['unknown-type']);
      expect(facts.counts.files).toBe(1);
      expect(blockers(facts)).toEqual([]);
      expect(extract(bytes).members.get('etc/sudoers')).toMatchObject({
        type: 'file',
        mode: 0o666,
        size: 513,
      });
    },
  );

  it('packed by pixz has its index behind it, which is a note', async () => {
    const [plain, packed] = [join(dir, 'x.tar'), join(dir, 'x.tpxz')];
    writeFileSync(plain, tar());
    execFileSync('pixz', [plain, packed]);
    const bytes = execFileSync('xz', ['-dc', packed], { maxBuffer: 2 ** 28 });
    expect(bytes.length).toBeGreaterThan(readFileSync(plain).length);
    const facts = await inspect(bytes);
    expect(facts.archive.problems).toMatchObject([
      { kind: 'trailing-data', examples: [expect.stringContaining('pixz')] },
    ]);
    expect(await difference(bytes)).toBeNull();
    expect(blockers(facts)).toEqual([]);
  });
});

describe('an archive that GNU tar refuses or extracts in part', () => {
  it.each<[string, Partial<Entry>[], string]>([
    ['a name of 256 bytes', [{ name: '', longName: 'x'.repeat(256) }], 'bad-name'],
    [
      'a path of 4096 bytes',
      [{ name: '', longName: `${'p'.repeat(200)}/`.repeat(20) + 'q'.repeat(76) }],
      'bad-name',
    ],
    ['a target of 4096 bytes', [{ type: '2', name: 'l', longLink: 't'.repeat(4096) }], 'bad-link'],
    ['a symlink to nothing', [{ type: '2', name: 'l', link: '' }], 'bad-link'],
    ['an empty name', [{ pax: [['path', '']] }], 'bad-name'],
    ['".."', [{ name: 'a/../../b' }], 'escape'],
    ['a label with ".."', [{ type: 'V', name: 'a/../b' }], 'escape'],
    ['a longer label with ".."', [{ type: 'V', name: 'x', pax: [['path', '..']] }], 'escape'],
    ['a hard link to a later member', [{ type: '1', name: 'y', link: 'x' }, { name: 'x' }], 'bad-hard-link'],
    [
      'a hard link to a folder',
      [
        { type: '5', name: 'd/' },
        { type: '1', name: 'y', link: 'd' },
      ],
      'bad-hard-link',
    ],
    ['a member below a file', [{ name: 'a' }, { name: 'a/b' }], 'below-file'],
    [
      'a member below an absolute link',
      [{ type: '5', name: 'd/' }, { type: '2', name: 'l', link: '/d' }, { name: 'l/x' }],
      'below-symlink',
    ],
    [
      'a member below a link upwards',
      [{ type: '5', name: 'd/' }, { type: '2', name: 'e/l', link: '../d' }, { name: 'e/l/x' }],
      'below-symlink',
    ],
    [
      'a member below a link to nothing',
      [{ type: '2', name: 'l', link: 'd' }, { name: 'l/x' }],
      'below-symlink',
    ],
    ['a file continued elsewhere', [{ type: 'M', name: 'a', size: 513 }], 'volume'],
    [
      'a map beyond its file',
      [
        {
          name: 'a',
          sparse: {
            form: 'gnu',
            map: [
              [0, 512],
              [9000, 700],
            ],
            size: 600,
          },
        },
      ],
      'broken-header',
    ],
    ['a number that is none', [{ name: 'a', uid: '000x644\0' }], 'broken-header'],
    ['a blank number', [{ name: 'a', mtime: '            ' }], 'broken-header'],
    ['an owner out of range', [{ name: 'a', pax: [['uid', '99999999999']] }], 'broken-header'],
  ])('for %s is a blocker', async (_name, entries, kind) => {
    const bytes = made(...entries, { name: 'zz' });
    expect(await kinds(bytes)).toContain(kind);
    expect(blockers(await inspect(bytes))).not.toEqual([]);
    expect(extract(bytes).exitCode).toBe(2);
  });

  it.each<[string, Partial<Entry>]>([
    ['by its type', { type: 'D', magic: 'gnu' }],
    ['by a record', { type: '5', pax: [['GNU.dumpdir', '\0']] }],
  ])(
    'with two owners of a folder in an incremental archive (%s) is a blocker: tar takes the first',
    async (_how, first) => {
      const bytes = made({ ...first, name: 'd' }, { type: '5', name: './d', gid: '0000001\0' });
      expect(await kinds(bytes)).toEqual(['ambiguous']);
      expect(extract(bytes).members.get('d')).toMatchObject({ type: 'directory', gid: 0 });
      const plain = made({ type: '5', name: 'd' }, { type: '5', name: './d', gid: '0000001\0' });
      expect(await kinds(plain)).toEqual([]);
      expect(extract(plain).members.get('d')).toMatchObject({ type: 'directory', gid: 1 });
    },
  );

  it('because another follows it is a blocker: tar says nothing', async () => {
    const bytes = Buffer.concat([made({ name: 'a' }), made({ name: 'b' })]);
    expect(await kinds(bytes)).toEqual(['second-archive']);
    expect(extract(bytes)).toMatchObject({ exitCode: 0, said: '' });
    expect([...extract(bytes).members.keys()]).toEqual(['a']);
  });

  it('for a damaged header in the middle, or no end, is a blocker', async () => {
    const damaged = made({ name: 'a' }, { name: 'b' });
    damaged[512 + 3] = 0x41;
    expect(await kinds(damaged)).toEqual(['broken-header']);
    expect(extract(damaged).exitCode).toBe(2);
    expect(await kinds(made({ name: 'a' }).subarray(0, -1024))).toEqual(['no-end']);
  });

  it('of several volumes is a blocker, whichever it is', async () => {
    const volumes = [1, 2].map((n) => join(dir, `volume-${n}`));
    writeFileSync(join(dir, 'large'), Buffer.alloc(150_000, 'x'));
    // The third volume that tar would ask for is not given: what is there by then is enough.
    spawnSync('tar', ['-C', dir, '-cM', '-L', '100', '-f', volumes[0]!, '-f', volumes[1]!, 'large']);
    for (const volume of volumes) {
      const bytes = readFileSync(volume);
      expect(blockers(await inspect(bytes)), volume).not.toEqual([]);
      expect(extract(bytes).exitCode, volume).toBe(2);
    }
  });
});

it('a hard link has the mode and the owner of the member that it leads to', async () => {
  const facts = await inspect(
    made(
      { name: 'x', mode: '0006755\0', uid: '0001750\0' },
      { type: '1', name: 'usr/bin/sudo', link: 'x', mode: '0000644\0' },
    ),
  );
  expect(facts.owners.wrong).toMatchObject([{ path: '/usr/bin/sudo', uid: 1000 }]);
});
