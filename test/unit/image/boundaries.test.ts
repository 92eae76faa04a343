import { describe, expect, it, vi } from 'vitest';
import { Budget } from '../../../pipeline/image/facts/budget.ts';
import { AptPins } from '../../../pipeline/image/facts/collect/apt-pins.ts';
import { countsCollector } from '../../../pipeline/image/facts/collect/counts.ts';
import { driverCollector } from '../../../pipeline/image/facts/collect/driver.ts';
import { hooksCollector } from '../../../pipeline/image/facts/collect/hooks.ts';
import { KeyFiles } from '../../../pipeline/image/facts/collect/keys.ts';
import { licencesCollector } from '../../../pipeline/image/facts/collect/licences.ts';
import { machineStateCollector } from '../../../pipeline/image/facts/collect/machine-state.ts';
import { modulesCollector } from '../../../pipeline/image/facts/collect/modules.ts';
import { type Member, Sampler } from '../../../pipeline/image/facts/collector.ts';
import type { ImageFacts } from '../../../pipeline/image/facts/facts.ts';
import { globFiles } from '../../../pipeline/image/facts/glob-files.ts';
import { KeptFiles } from '../../../pipeline/image/facts/kept-files.ts';
import { checkSyntax } from '../../../pipeline/image/facts/syntax.ts';
import { Tree } from '../../../pipeline/image/facts/tree.ts';
import { nameProblem } from '../../../pipeline/image/tar/names.ts';
import { parsePax } from '../../../pipeline/image/tar/pax.ts';
import { BodyMap } from '../../../pipeline/image/tar/sparse.ts';
import { Tail } from '../../../pipeline/image/tar/tail.ts';
import { goodRoot, inspect, module, type Root, tarOf } from '../checks/root.ts';

const KERNEL = '5.4.0-125-generic';
const member = (path: string, more: Partial<Member> = {}): Member => ({
  ...{ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 10, stored: 10, sparse: false, link: null },
  ...{ xattrs: new Map(), acls: [] },
  ...more,
});
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
/** A tree and files of which a collector asks nothing here. */
const NONE = {
  exists: () => true,
  resolve: (path: string) => path,
  symlinks: new Map(),
  text: () => null,
} as never;
const owned = { mode: 0o644, uid: 0, gid: 0 };
const file = { directory: false, executable: false, symlink: null, owned };

const factsOf = async (spoil: (root: Root) => unknown, options = {}): Promise<ImageFacts> => {
  const root = goodRoot();
  spoil(root);
  return inspect(await root.tar(), 65_536, options);
};

describe('no more is kept than', () => {
  it('22 MiB in all', () => {
    const most = (22 << 20) - 112;
    const [at, beyond] = [new Budget(), new Budget()];
    expect([at.take(most, 'x'), beyond.take(most + 1, 'x')]).toEqual([true, false]);
    expect([at.exceeded, beyond.exceeded]).toEqual([null, 'x']);
  });

  it('400 characters of an example', () => {
    const sampler = new Sampler();
    for (const length of [400, 401]) sampler.add('x'.repeat(length));
    expect(sampler.examples).toEqual(['x'.repeat(400), `${'x'.repeat(400)}…`]);
  });

  it('20,000 folders with their sizes', () => {
    const sums = (folders: number) => {
      const collector = countsCollector();
      // The last one is the biggest, and so the first of the list.
      for (const i of numbers(folders)) collector.member!(member(`f${i}/x`, { stored: i }));
      return (collector.finish(NONE, NONE) as { directories: { path: string }[] }).directories[0]!.path;
    };
    expect([sums(20_000), sums(20_001)]).toEqual(['f19999', 'f19999']);
  });

  it('5000 files of keys', () => {
    const opens = (before: number) => {
      const keys = new KeyFiles();
      for (const i of numbers(before))
        keys.content(`home/u${i}/.ssh/authorized_keys`, Buffer.from('# none\n'));
      keys.content('root/.ssh/authorized_keys', Buffer.from('ssh-ed25519 AAAA x\n'));
      return keys.find([], [], NONE, NONE).length;
    };
    expect([opens(4999), opens(5000)]).toEqual([1, 0]);
  });

  it('20,000 packages with licences, and 4 MiB of them', () => {
    const text =
      'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: MIT\n';
    const kept = (count: number, name: (i: number) => string) => {
      const collector = licencesCollector();
      for (const i of numbers(count))
        collector.content!(`usr/share/doc/${name(i)}/copyright`, Buffer.from(text));
      const { licences } = collector.finish(NONE, NONE) as Pick<ImageFacts, 'licences'>;
      return Object.keys(licences.packages).length;
    };
    expect([kept(20_000, String), kept(20_001, String)]).toEqual([20_000, 20_000]);
    // With the three letters of MIT each has 512 bytes.
    const long = (i: number) => String(i).padStart(509, 'p');
    expect([kept(8192, long), kept(8193, long)]).toEqual([8192, 8192]);
  });

  it('64 files of /curtin', async () => {
    const needs = async (others: number) => {
      const collector = hooksCollector();
      const names = ['curtin-hooks', ...numbers(others).map((i) => `f${i}`)];
      for (const name of names) {
        const text =
          name === 'curtin-hooks' ? '#!/bin/x\nrun "f62"\nrun "f63"\n' : 'apt-get install linux-generic\n';
        collector.member!(member(`curtin/${name}`, { mode: 0o755 }));
        collector.content!(`curtin/${name}`, Buffer.from(text));
      }
      const { hook } = (await collector.finish({ exists: () => false } as never, NONE)) as Pick<
        ImageFacts,
        'hook'
      >;
      return [hook!.needs.map((need) => need.file), hook!.genericKernels.length];
    };
    expect(await needs(63)).toEqual([['/curtin/f62'], 63]);
    expect(await needs(64)).toEqual([['/curtin/f62'], 63]);
  });

  it('100 characters of the names of DKMS', () => {
    const found = (module: number, version: number, kernel: number) => {
      const collector = driverCollector();
      const [m, v, k] = [module, version, kernel].map((length) => 'x'.repeat(length));
      collector.member!(member(`var/lib/dkms/${m}/${v}/${k}/x86_64/module/a.ko`));
      const { dkms } = collector.finish(NONE, NONE) as Pick<ImageFacts['driver'], 'dkms'>;
      return dkms.map(({ kernels }) => kernels.length);
    };
    expect([found(100, 100, 100), found(101, 1, 1), found(1, 101, 1), found(1, 1, 101)]).toEqual([
      [1],
      [],
      [],
      [0],
    ]);
  });

  it('paths of 512 characters that belong to a machine', () => {
    const found = (length: number) => {
      const collector = machineStateCollector();
      collector.member!(member('etc/chef/'.padEnd(length - 4, 'x').concat('.pem')));
      return (collector.finish(NONE, NONE) as unknown[]).length;
    };
    expect([found(512), found(513)]).toEqual([1, 0]);
  });

  it('32 MiB of a module that is compressed', () => {
    const unread = (size: number, path = 'x.ko.gz') => {
      const collector = modulesCollector();
      collector.stream!(member(`lib/modules/5/extra/${path}`, { size }));
      return (collector.finish(NONE, NONE) as Pick<ImageFacts, 'modules'>).modules.unread.length;
    };
    expect([unread(32 << 20), unread((32 << 20) + 1), unread((32 << 20) + 1, 'x.ko')]).toEqual([0, 1, 0]);
  });

  it('200 modules of NVIDIA, which are read behind 500 others', async () => {
    const found = async (others: number, count: number) => {
      const { modules } = await factsOf((r) => {
        r.remove(`usr/lib/modules/${KERNEL}/updates`);
        for (const i of numbers(others)) r.put(`usr/lib/modules/${KERNEL}/extra/m${i}.ko`, 'x');
        for (const i of numbers(count))
          r.put(`usr/lib/modules/${KERNEL}/extra/${i}/nvidia.ko`, module('nvidia', KERNEL, '1'));
      });
      return [modules.added.length, modules.signed, modules.unsigned.length];
    };
    expect(await found(0, 201)).toEqual([200, 201, 0]);
    expect(await found(499, 2)).toEqual([2, 1, 499]);
  });

  it('100 files of ifupdown', async () => {
    const found = async (files: number) =>
      (
        await factsOf((r) => {
          r.put('usr/sbin/ifup', 'x').put('etc/network/interfaces', 'source /etc/network/d/*\n');
          for (const i of numbers(files)) r.put(`etc/network/d/f${i}`, 'iface e0 inet dhcp\n');
        })
      ).network.configured.length;
    expect([await found(99), await found(100)]).toEqual([99, 99]);
  });

  it('20 files with the environment of sshd', async () => {
    const root = async (files: number) => {
      const lines = numbers(files).map((i) => `EnvironmentFile=-/etc/default/e${i}\n`);
      const { access } = await factsOf((r) =>
        r
          .put(
            'etc/systemd/system/ssh.service',
            `[Service]\n${lines.join('')}ExecStart=/usr/sbin/sshd -D $OPTS\n`,
          )
          .put(`etc/default/e${files - 1}`, 'OPTS="-o PermitRootLogin=yes"\n'),
      );
      return access.sshd.settings.some(({ file }) => file.includes('command line'));
    };
    expect([await root(20), await root(21)]).toEqual([true, false]);
  });
});

describe('an archive', () => {
  const problems = async (names: readonly string[], options: object) =>
    (await inspect(await tarOf(names.map((name) => ({ name }))), 65_536, options)).archive.problems.map(
      ({ kind }) => kind,
    );
  const TEN = numbers(8)
    .map((i) => `f${i}`)
    .concat('d/f', 'e/f');
  it('has as many members and bytes as are allowed, and no more', async () => {
    // Ten headers, and two blocks of zeros.
    const bytes = 12 * 512;
    expect(await problems(TEN, { mostMembers: 10 })).toEqual([]);
    expect(await problems(TEN, { mostMembers: 9 })).toEqual(['too-many']);
    expect(await problems(TEN, { mostBytes: bytes })).toEqual([]);
    expect(await problems(TEN, { mostBytes: bytes - 1 })).toEqual(['too-large']);
  });

  it('has no more folders that nobody packed than a fifth of its members', async () => {
    expect(await problems([...TEN.slice(1), 'e/g/f'], { mostMembers: 10 })).toEqual(['too-many']);
  });

  it('holds files that are read to their largest size', async () => {
    const unread = async (length: number) =>
      (await factsOf((r) => r.put('curtin/x', 'x'.repeat(length)))).unread.map(({ path }) => path);
    expect([await unread(256 << 10), await unread((256 << 10) + 1)]).toEqual([[], ['curtin/x']]);
  });

  it('names kernel modules in any way', async () => {
    const { kernels } = await factsOf((r) =>
      r.put('usr/lib/modules/9/a\nb.ko', 'x').put('usr/lib/modules/9/a\n', 'x'),
    );
    expect(kernels.map(({ version }) => version)).toEqual([KERNEL]);
  });
});

describe('the name of a member', () => {
  it.each<[string, string | null]>([
    ['x'.repeat(255), null],
    ['x'.repeat(256), 'bad-name'],
    [`a/${'x'.repeat(255)}/b`, null],
    [`a/${'x'.repeat(256)}/b`, 'bad-name'],
    [`${'x'.repeat(255)}///`, null],
    [`${'a/'.repeat(2047)}a`, null],
    [`${'a/'.repeat(2047)}aa`, 'bad-name'],
    [`${'a/'.repeat(2047)}a//`, null],
    ['', 'bad-name'],
    ['/', 'absolute'],
    ['a/..', 'escape'],
    ['a..b', null],
  ])('%.20s…', (name, problem) => {
    expect(nameProblem(name, 'directory')).toBe(problem);
  });
});

describe('records and maps of tar', () => {
  it.each<[string, string[] | null]>([
    ['6 a=b\n', ['a']],
    ['6 a=b\n\0\0', ['a']],
    ['5 ab\n=', null],
    ['5 ab\n6 a=b\n', null],
    ['2 \n', null],
    ['6 a=b', null],
    ['7 a=b\n', null],
    ['06 a=b\n', null],
    [' a=b\n', null],
    ['12345678901 a=b\n', null],
    ['5 =b\n', ['']],
    ['5 a=\n', ['a']],
    ['6', null],
  ])('the records %j', (text, keys) => {
    const records = parsePax(Buffer.from(text));
    expect(records && [...records.keys()]).toEqual(keys);
  });

  it('a map in the body begins at any offset, and may be empty', () => {
    const over = (text: string) => {
      const map = new BodyMap();
      return [map.block(Buffer.from(text.padEnd(512, '\0'))), map.extent.length];
    };
    expect([over('0\n'), over('1\n0\n5\n'), over('2\n0\n5\n9\n1\n')]).toEqual([
      [true, 0],
      [true, 5],
      [true, 10],
    ]);
    expect(over('1\n0\n\n')[0]).toBeNull();
  });

  it('an index of pixz is known by its first eight bytes', () => {
    const tail = new Tail();
    tail.push(Buffer.from('a64c322ed614ae', 'hex'));
    expect(tail.pixz).toBe(false);
    tail.push(Buffer.from('db', 'hex'));
    expect([tail.pixz, tail.bytes]).toEqual([true, 8]);
  });

  it('bytes behind the end are counted in pieces of any size', () => {
    for (const size of [1, 511, 512, 65_536, 65_537]) {
      const tail = new Tail();
      const bytes = Buffer.alloc(3 * 65_536);
      bytes[65_536] = 1;
      bytes[2 * 65_536 - 1] = 1;
      for (let at = 0; at < bytes.length; at += size) tail.push(bytes.subarray(at, at + size));
      expect([size, tail.bytes, tail.headers, tail.pixz]).toEqual([size, 2, false, false]);
    }
  });
});

describe('the tree and its files', () => {
  it('forget a link when a file takes its place', () => {
    const tree = new Tree(new Budget());
    tree.add('l', { ...file, symlink: 'x' });
    tree.add('l', file);
    expect([tree.symlinks.size, tree.resolve('l'), tree.size]).toEqual([0, 'l', 1]);
  });

  it('follow links whose rest has twice the length of a path at most', () => {
    const loops = (length: number) => {
      const tree = new Tree(new Budget());
      tree.add('l', { ...file, symlink: 'a' });
      return tree.loops(`l/${'x'.repeat(length)}`);
    };
    expect([loops(2 * 4095 - 1), loops(2 * 4095)]).toEqual([false, true]);
  });

  it('has names and folders at the top', () => {
    const files = new KeptFiles(new Budget());
    for (const path of ['top', 'etc/a']) files.content(path, Buffer.from('1'));
    expect([files.folders(''), files.list(''), files.paths()]).toEqual([['etc'], ['top'], ['top', 'etc/a']]);
  });

  it('note a hundred files that could not be read', () => {
    const unread = (count: number) => {
      const tree = new Tree(new Budget());
      const files = new KeptFiles(new Budget());
      for (const i of numbers(count)) tree.add(`etc${i}`, file);
      files.complete(tree);
      for (const i of numbers(count)) expect(files.text(`etc${i}`)).toBeNull();
      return files.unread.size;
    };
    expect([unread(100), unread(101)]).toEqual([100, 100]);
  });

  it('are looked for by pattern while comparisons are left', () => {
    const tree = new Tree(new Budget());
    const files = new KeptFiles(new Budget());
    for (const path of ['etc/b', 'etc/a']) {
      tree.add(path, file);
      files.content(path, Buffer.from('1'));
    }
    files.complete(tree);
    const found = (left: number) => globFiles('etc/*', tree, files, { left });
    // Names times patterns: 3 × 3 and twice 1 × 1.
    expect([found(11), found(10)]).toEqual([['etc/a', 'etc/b'], null]);
  });

  it('are two thousand by a pattern at most', () => {
    const tree = new Tree(new Budget());
    const files = new KeptFiles(new Budget());
    for (const i of numbers(2001)) {
      tree.add(`etc/${i}`, file);
      files.content(`etc/${i}`, Buffer.from(''));
    }
    files.complete(tree);
    expect(globFiles('etc/*', tree, files, { left: 1e9 })).toHaveLength(2000);
  });
});

describe('pins of apt', () => {
  const found = (text: string) => {
    const pins = new AptPins();
    pins.read('f', text);
    return pins.found.map(({ line, packages, priority }) => `${line} ${packages.join(' ')} ${priority}`);
  };
  it.each<[string, string[]]>([
    ['Package: a\nPin-Priority: 1000\n', []],
    ['Package: a\nPin-Priority: 1001\n', ['2 a 1001']],
    ['Package: a\nPin-Priority: 0\n', []],
    ['Package: a\nPin-Priority: -1\n', ['2 a -1']],
    ['Package: a\n b\nPin: x\n c\nPin-Priority: -1\n', ['5 a b -1']],
    ['Package: a\n: b\n c\nPin-Priority: -1\n', ['4 a -1']],
    ['Package: a\n# Package: b\n\nPin-Priority: -1\n', ['4  -1']],
    ['Package: a\nPin-Priority:\n -1\n', []],
    ['Package: a\nPin-Priority: x\n', []],
  ])('%j', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });
});

describe('state of a machine', () => {
  const state = async (spoil: (root: Root) => unknown) =>
    (await factsOf(spoil)).identity.state.map(({ path }) => path);
  it('is a header of comments alone up to 8 KiB', async () => {
    const comments = (length: number) => state((r) => r.put('etc/salt/minion_id', '#'.padEnd(length, 'x')));
    expect([await comments(8191), await comments(8192)]).toEqual([[], ['/etc/salt/minion_id']]);
    expect(await state((r) => r.put('etc/salt/minion_id', '# c\n\nname\n'))).toEqual(['/etc/salt/minion_id']);
    expect(await state((r) => r.put('etc/salt/minion_id', ''))).toEqual([]);
    expect(await state((r) => r.put('var/lib/AccountsService/users/a', ''))).toEqual([]);
  });

  it('is looked for in a hundred files of a kind', async () => {
    const keys = (before: number) =>
      state((r) => {
        for (const i of numbers(before)) r.put(`etc/chef/a${String(i).padStart(3, '0')}.pem`, '# none\n');
        r.put('etc/chef/z.pem', 'key');
      });
    expect([await keys(99), await keys(100)]).toEqual([['/etc/chef/z.pem'], []]);
  });
});

describe('the syntax of a script', () => {
  it('is not checked in a language that is not known', async () => {
    expect(await checkSyntax('perl', Buffer.from('x'))).toEqual({
      checkedBy: 'nothing: the language is not known',
      problem: null,
    });
  });

  it('is not checked where the program is not installed', async () => {
    vi.stubEnv('PATH', '/nowhere');
    try {
      // Another text for each: the tests keep results by it.
      expect(await checkSyntax('bash', Buffer.from('# not installed'))).toEqual({
        checkedBy: 'nothing: bash is not installed on this host',
        problem: null,
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('configuration that reads itself', () => {
  it('of ifupdown ends', async () => {
    const { network } = await factsOf((r) =>
      r
        .put('usr/sbin/ifup', 'x')
        .put('etc/network/interfaces', 'iface e0 inet dhcp\nsource /etc/network/interfaces\n'),
    );
    expect(network.configured).toHaveLength(1);
  });

  it('of apt is a folder with a slash at the end of its name', async () => {
    const said = async (name: string) => {
      const { apt } = await factsOf((r) =>
        r
          .put('etc/apt/apt.conf', `#include "${name}";\n`)
          .put('etc/apt/d/x.conf', 'APT::Get::Assume-Yes "1";\n'),
      );
      return apt.bad.filter(({ file }) => file !== '/etc/apt/sources.list').map(({ text }) => text);
    };
    expect(await said('/etc/apt/d/')).toEqual([]);
    expect(await said('/etc/apt/d/x.conf')).toEqual([]);
    for (const name of ['/etc/apt/d', 'd/', 'x'])
      expect(await said(name)).toEqual(['it is included and cannot be read']);
  });

  it('of apt ends at ten files in each other, and at 500 in all', async () => {
    const problem = async (files: Record<string, string>) => {
      const { apt } = await factsOf((r) => {
        for (const [path, text] of Object.entries(files)) r.put(path, text);
      });
      return apt.bad.filter(({ text }) => text.includes('include each other')).length;
    };
    const chain = (length: number) =>
      Object.fromEntries([
        ['etc/apt/apt.conf', '#include "/etc/apt/c0";\n'],
        ...numbers(length).map((i) => [
          `etc/apt/c${i}`,
          i + 1 < length ? `#include "/etc/apt/c${i + 1}";\n` : '',
        ]),
      ]);
    expect([await problem(chain(10)), await problem(chain(11))]).toEqual([0, 1]);
    const wide = (count: number) => ({
      'etc/apt/apt.conf': '#include "/etc/apt/x";\n'.repeat(count),
      'etc/apt/x': '',
    });
    expect([await problem(wide(499)), await problem(wide(500))]).toEqual([0, 1]);
  });
});

describe('a member of an image', () => {
  const facts = (path: string, content: string | Buffer = 'x', more: object = {}) =>
    factsOf((r) => r.put(path, content, more));
  it.each(['dev', 'proc', 'sys', 'run', 'tmp'])('in /%s is noted', async (name) => {
    const { mountPoints } = await facts(`${name}/x`);
    expect(mountPoints[name]?.members).toMatchObject({ count: 1, examples: [`/${name}/x`] });
  });

  it('is of root where the system is, and elsewhere of anybody', async () => {
    expect((await facts('srv/x', 'x', { uid: 1000, mode: 0o666 })).owners.wrong).toEqual([]);
    expect((await facts('etc/sudoers.d/x', 'x', { uid: 1000 })).owners.wrong).toHaveLength(1);
  });

  it('is counted among modules where the kernel did not bring it', async () => {
    const { modules } = await factsOf(() => {});
    const own = await facts(`usr/lib/modules/${KERNEL}/kernel/drivers/x.ko`, module('x', KERNEL));
    expect(own.modules).toEqual(modules);
    const added = await facts(`usr/lib/modules/${KERNEL}/extra/x.ko`, module('x', KERNEL));
    expect(added.modules).not.toEqual(modules);
  });
});
