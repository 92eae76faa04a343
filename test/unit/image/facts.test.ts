import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ImageFacts } from '../../../pipeline/image/facts/facts.ts';
import { goodRoot, inspect, module, type Root, SIGNED } from '../checks/root.ts';

const factsOf = async (spoil: (root: Root) => unknown): Promise<ImageFacts> => {
  const root = goodRoot();
  spoil(root);
  return inspect(await root.tar());
};

const KERNEL = '5.4.0-125-generic';
const KEY = 'ssh-ed25519 AAAA x\n';
const COPYRIGHT = (licence: string) =>
  `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: ${licence}\n`;

describe('licences', () => {
  const doc = 'usr/share/doc';
  it('are those of a package’s own file, or of the one that its folder or file leads to', async () => {
    const { licences } = await factsOf((r) =>
      r
        .put(`${doc}/b/copyright`, COPYRIGHT('MIT'))
        .put(`${doc}/a/copyright`, COPYRIGHT('GPL-2'))
        .put(`${doc}/free/copyright`, 'All of it is free.\n')
        .put(`${doc}/none/copyright`, COPYRIGHT('').replace(/License.*\n/, ''))
        .link(`${doc}/c`, 'b')
        .dir(`${doc}/d`)
        .link(`${doc}/d/copyright`, '../a/copyright')
        .link(`${doc}/gone`, 'nowhere')
        .link(`${doc}/toFree`, 'free')
        .link('opt/e', `/${doc}/b`)
        .put(`${doc}/f/copyright`, '', { type: 'link', linkname: `./${doc}/b/copyright` })
        .put(`${doc}/g/README`, '', { type: 'link', linkname: `./${doc}/b/copyright` }),
    );
    expect(licences).toEqual({
      packages: { a: ['GPL-2'], b: ['MIT'], c: ['MIT'], d: ['GPL-2'], f: ['MIT'] },
      freeText: 1,
    });
    expect(Object.keys(licences.packages)).toEqual(['a', 'b', 'c', 'd', 'f']);
  });

  it('end where their text does', async () => {
    const long = (packages: number) =>
      factsOf((r) => {
        for (let i = 0; i < packages; i++)
          r.put(
            `${doc}/p${String(i).padStart(3, '0')}/copyright`,
            COPYRIGHT(
              Array.from({ length: 60 }, (_, j) => `${j}${'x'.repeat(190)}`).join('\n\nFiles: y\nLicense: '),
            ),
          );
      });
    const { licences } = await long(400);
    expect(Object.keys(licences.packages).length).toBeLessThan(400);
  });
});

describe('keys that let somebody in', () => {
  const PASSWD = `root:x:0:0:root:/root:/bin/bash
bob:x:1000:1000::/home/bob:/bin/bash
svc:x:90:90::/srv/svc:/usr/sbin/nologin
no:x:91:91::/srv/no:/bin/false
lost:x:92:92::/:/bin/sh
`;
  const keys = async (config: string, ...files: string[]) => {
    const { access } = await factsOf((r) => {
      r.put('etc/passwd', PASSWD).put('etc/ssh/sshd_config', config);
      for (const file of files) r.put(file, KEY);
    });
    return access.keys.map(({ file, keys, account, shell, waits }) =>
      [file, keys ?? 'not read', account, shell ? '' : 'no shell', waits].filter((part) => part).join(' '),
    );
  };
  it.each<[string, string, string[], string[]]>([
    [
      'of root and of a home',
      '',
      ['root/.ssh/authorized_keys', 'home/bob/.ssh/authorized_keys2'],
      ['/root/.ssh/authorized_keys 1 root', '/home/bob/.ssh/authorized_keys2 1 bob'],
    ],
    [
      'of accounts without a shell',
      '',
      ['srv/svc/.ssh/authorized_keys', 'srv/no/.ssh/authorized_keys'],
      ['/srv/svc/.ssh/authorized_keys 1 svc no shell', '/srv/no/.ssh/authorized_keys 1 no no shell'],
    ],
    [
      'of a place for all',
      'AuthorizedKeysFile /etc/ssh/authorized_keys\n',
      ['etc/ssh/authorized_keys'],
      [
        '/etc/ssh/authorized_keys 1 root',
        '/etc/ssh/authorized_keys 1 bob',
        '/etc/ssh/authorized_keys 1 svc no shell',
        '/etc/ssh/authorized_keys 1 no no shell',
        '/etc/ssh/authorized_keys 1 lost',
      ],
    ],
    [
      'by name, by number and by home',
      'AuthorizedKeysFile /etc/k/%u /etc/k/%U %h/k%%\n',
      ['etc/k/bob', 'etc/k/90', 'home/bob/k%'],
      ['/etc/k/bob 1 bob', '/home/bob/k% not read bob', '/etc/k/90 1 svc no shell'],
    ],
    [
      'of an account whose home is the root',
      'AuthorizedKeysFile .ssh/mine\n',
      ['.ssh/mine'],
      ['/.ssh/mine 1 lost'],
    ],
    [
      'of nobody',
      'AuthorizedKeysFile none\n',
      ['home/bob/.ssh/authorized_keys'],
      ['/home/bob/.ssh/authorized_keys 1 elsewhere'],
    ],
    ['of a new home', '', ['etc/skel/.ssh/authorized_keys'], ['/etc/skel/.ssh/authorized_keys 1 skeleton']],
    [
      'of a home without an account',
      '',
      ['home/gone/.ssh/authorized_keys'],
      ['/home/gone/.ssh/authorized_keys 1 home'],
    ],
    [
      'elsewhere for some, and the usual for the others',
      'Match User bob\nAuthorizedKeysFile /etc/ssh/authorized_keys\n',
      ['root/.ssh/authorized_keys'],
      ['/root/.ssh/authorized_keys 1 root'],
    ],
    [
      'not those of other files',
      '',
      [
        'home/bob/.ssh/id_rsa',
        'home/bob/.ssh/known_hosts',
        'usr/share/authorized_keys',
        'opt/.ssh/authorized_keys',
      ],
      [],
    ],
  ])('%s', async (_whose, config, files, expected) => {
    expect(await keys(config, ...files)).toEqual(expected);
  });
});

describe('kernel modules', () => {
  const at = `usr/lib/modules/${KERNEL}/extra`;
  const NAMED = [{ module: 'm', kernel: KERNEL }];
  const only = async (name: string, content: Buffer | string, path = at) => {
    const { modules } = await factsOf((r) =>
      r.remove(`usr/lib/modules/${KERNEL}/updates`).put(`${path}/${name}`, content),
    );
    return modules;
  };
  it.each<[string, string, Buffer | string, Partial<ImageFacts['modules']>]>([
    ['signed', 'm.ko', module('m', KERNEL), { signed: 1, unsigned: [], unread: [] }],
    ['not signed', 'm.ko', 'x', { signed: 0, unsigned: NAMED, unread: [] }],
    ['a signature that is cut', 'm.ko', SIGNED.slice(0, -1), { signed: 0, unsigned: NAMED, unread: [] }],
    [
      'packed with gzip',
      'm.ko.gz',
      zlib.gzipSync(module('m', KERNEL)),
      { signed: 1, unsigned: [], unread: [] },
    ],
    [
      'packed with zstd',
      'm.ko.zst',
      zlib.zstdCompressSync(module('m', KERNEL)),
      { signed: 1, unsigned: [], unread: [] },
    ],
    ['packed with xz', 'm.ko.xz', 'x', { signed: 0, unsigned: [], unread: NAMED }],
    ['a damaged gzip', 'm.ko.gz', 'x', { signed: 0, unsigned: [], unread: NAMED }],
    [
      'not one of the kernel itself',
      '../kernel/drivers/m.ko',
      'x',
      { signed: 0, unsigned: [], unread: [], added: [] },
    ],
    ['nothing else', 'm.txt', 'x', { signed: 0, unsigned: [], unread: [], added: [] }],
  ])('%s', async (_what, name, content, expected) => {
    const inside = name.startsWith('../');
    expect(
      await only(inside ? 'm.ko' : name, content, inside ? `usr/lib/modules/${KERNEL}/kernel/drivers` : at),
    ).toMatchObject(expected);
  });

  it('of NVIDIA count even among those of the kernel', async () => {
    const modules = await only(
      'nvidia.ko',
      module('nvidia', KERNEL, '450.1'),
      `usr/lib/modules/${KERNEL}/kernel/drivers`,
    );
    expect(modules).toMatchObject({
      signed: 1,
      added: [{ module: 'nvidia', version: '450.1', kernel: KERNEL }],
    });
  });

  it('say why they were not read', async () => {
    const why = async (name: string, content: Buffer | string) =>
      (await only(name, content)).added[0]?.unread;
    expect(await why('nvidia.ko.xz', 'x')).toBe('it is compressed by xz');
    expect(await why('nvidia.ko.gz', 'x')).toBe('it is damaged');
    expect(await why('nvidia.ko', module('nvidia', KERNEL))).toBeNull();
    expect(await why('nvidia.ko.zst', zlib.zstdCompressSync(module('nvidia', KERNEL)))).toBeNull();
    expect(await why('nvidia.ko.gz', zlib.gzipSync(module('nvidia', KERNEL)))).toBeNull();
  });

  it('built for another kernel are compared, whatever their names', async () => {
    expect((await only('other.ko', module('other', '6.1.0-1', '7'))).added).toMatchObject([
      { module: 'other', folder: KERNEL, kernel: '6.1.0-1', version: '7', path: `/${at}/other.ko` },
    ]);
    expect((await only('other.ko', module('other', KERNEL, '7'))).added).toEqual([]);
  });
});

describe('links', () => {
  it('to files that nobody reads lose nothing, hard ones among them', async () => {
    const { unread, archive } = await factsOf((r) =>
      r
        .put('usr/bin/perl', 'x')
        .put('usr/bin/perl5.34', '', { type: 'link', linkname: './usr/bin/perl' })
        .link('usr/bin/p', 'perl'),
    );
    expect([unread, archive.problems]).toEqual([[], []]);
  });

  it('of configuration are read through a hard link, and a loss through a link to elsewhere', async () => {
    const hard = await factsOf((r) =>
      r
        .remove('etc/ssh/sshd_config')
        .put('etc/ssh/real', 'PermitRootLogin yes\n')
        .put('etc/ssh/sshd_config', '', { type: 'link', linkname: './etc/ssh/real' }),
    );
    expect([hard.unread, hard.access.sshd.settings.length]).toEqual([[], 1]);
    const soft = await factsOf((r) => r.put('opt/real', 'x').link('etc/ssh/sshd_config', '/opt/real'));
    expect(soft.unread).toEqual([
      { path: 'etc/ssh/sshd_config', why: 'it leads to opt/real, which is not read' },
    ]);
  });

  it('have a target, of 4095 bytes at most', async () => {
    const problems = async (target: string) =>
      (await factsOf((r) => r.put('l', '', { type: 'symlink', linkname: target, pax: { linkpath: target } })))
        .archive.problems;
    expect(await problems('x'.repeat(4095))).toEqual([]);
    expect(await problems('x'.repeat(4096))).toMatchObject([
      { kind: 'bad-link', examples: ['l -> a target that is too long'] },
    ]);
    const empty = await factsOf((r) => r.put('l', '', { type: 'symlink', linkname: '' }));
    expect(empty.archive.problems).toMatchObject([{ kind: 'bad-link', examples: ['l -> (nothing)'] }]);
  });
});
