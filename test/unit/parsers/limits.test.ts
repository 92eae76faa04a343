import { describe, expect, it } from 'vitest';
import { AptConfig, readAptConf } from '../../../pipeline/image/parsers/apt-conf.ts';
import { parseDiversions } from '../../../pipeline/image/parsers/diversions.ts';
import { parseDpkgStatus } from '../../../pipeline/image/parsers/dpkg-status.ts';
import { parseDriverPackages } from '../../../pipeline/image/parsers/driver-packages.ts';
import { parseFstab } from '../../../pipeline/image/parsers/fstab.ts';
import { globMatches, wildcardMatches } from '../../../pipeline/image/parsers/glob.ts';
import { type GrubEntry, grubChoice, parseGrubCfg } from '../../../pipeline/image/parsers/grub-cfg.ts';
import { hookNeeds } from '../../../pipeline/image/parsers/hook-needs.ts';
import { parseInterfaces } from '../../../pipeline/image/parsers/interfaces.ts';
import { readNetplan } from '../../../pipeline/image/parsers/netplan.ts';
import { jsonProxies } from '../../../pipeline/image/parsers/proxy-settings.ts';
import { shellAssignments } from '../../../pipeline/image/parsers/shell-assignments.ts';
import { readSshdConfig } from '../../../pipeline/image/parsers/sshd-config.ts';
import { readSudoers } from '../../../pipeline/image/parsers/sudoers.ts';

/** The texts of `one` for each number from 0. */
const many = (count: number, one: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => one(i)).join('');

const installed = (name: string, more = '') =>
  `Package: ${name}\nStatus: install ok installed\nVersion: 550.54.14-1\n${more}\n`;
const sshd = (text: string) => readSshdConfig({ text: () => text, glob: () => [] });
const sudoers = (text: string) => readSudoers({ text: () => text, list: () => [] });
const deepest = (entries: readonly GrubEntry[]): number =>
  entries.reduce((most, { entries: inner }) => Math.max(most, 1 + deepest(inner ?? [])), 0);

describe('no more is kept of a file than', () => {
  it.each<[string, number, (count: number) => number]>([
    ['packages', 20_000, (n) => parseDpkgStatus(many(n, (i) => installed(`p${i}`))).length],
    [
      'packages of the driver',
      500,
      (n) => parseDriverPackages(many(n, (i) => installed(`nvidia-dkms-${100 + i}`))).packages.length,
    ],
    [
      'names that they provide',
      500,
      (n) =>
        parseDriverPackages(installed('nvidia-dkms-550', `Provides: ${many(n, (i) => `v${i}, `)}\n`)).provides
          .length,
    ],
    ['diversions', 10_000, (n) => parseDiversions(many(n, (i) => `/a${i}\n/b${i}\ndash\n`)).length],
    ['lines of fstab', 1000, (n) => parseFstab(many(n, (i) => `/dev/sd${i} /mnt ext4\n`)).length],
    ['entries of grub.cfg', 10_000, (n) => parseGrubCfg(many(n, (i) => `menuentry ${i} {\n}\n`)).length],
    [
      'submenus in each other',
      20,
      (n) => deepest(parseGrubCfg(`${many(n, (i) => `submenu ${i} {\n`)}${'}\n'.repeat(n)}`)),
    ],
    [
      'words of a line of grub.cfg before its id',
      100,
      (n) =>
        parseGrubCfg(`menuentry ${many(n - 3, () => 'x ')}--id last {\n}\n`)[0]?.id === 'last' ? n : 100,
    ],
    [
      'files that a hook needs',
      50,
      (n) =>
        hookNeeds(
          many(n, (i) => `sh /curtin/f${i}\n`),
          [],
        ).length,
    ],
    ['interfaces', 1000, (n) => parseInterfaces(many(n, (i) => `iface e${i} inet dhcp\n`)).defined.length],
    [
      'proxies',
      100,
      (n) => jsonProxies(JSON.stringify(Array.from({ length: n }, () => 'http://p:1')), () => true).length,
    ],
    [
      'lines of a quoted value of a shell',
      100,
      (n) =>
        shellAssignments([{ path: 'x', text: `A='${'\n'.repeat(n - 1)}'\nB=1\n` }]).length === 2 ? n : 100,
    ],
    ['settings of sshd', 20_000, (n) => sshd(many(n, () => 'Port 22\n')).settings.length],
    ['problems of sshd_config', 20, (n) => sshd(many(n, () => 'Port "\n')).problems.length],
    ['errors of sudoers', 20, (n) => sudoers(many(n, () => 'bob ALL\n')).errors.length],
  ])('%s: %i', (_what, most, kept) => {
    expect([kept(most), kept(most + 1)]).toEqual([most, most]);
  });

  it('interfaces of netplan: 200', async () => {
    const file = (count: number) =>
      readNetplan(`network: {ethernets: {${many(count, (i) => `e${i}: {}, `)}}}`);
    expect((await file(200)).interfaces).toHaveLength(200);
    expect((await file(201)).interfaces).toHaveLength(200);
  });
});

describe('the longest and the deepest that is read', () => {
  const apt = (text: string) => readAptConf(text, 'x', new AptConfig(), () => null);
  const blocks = (depth: number, name = 'a') => `${`${name} {`.repeat(depth)} b "1"; ${'};'.repeat(depth)}`;
  const chain = (files: number) => {
    let read = 0;
    return readSshdConfig({ text: () => (read++ < files ? 'Include next' : ''), glob: () => ['next'] });
  };
  const wide = (files: number, text = '') =>
    readSshdConfig({
      text: (path) => (path === 'next' ? text : 'Include next'),
      glob: () => Array.from({ length: files }, () => 'next'),
    });
  it.each<[string, (over: number) => unknown, unknown, unknown]>([
    [
      'a name of 1000 characters of apt',
      (n) => new AptConfig().set('n'.repeat(1000 + n), '1', 'x', 1),
      true,
      false,
    ],
    [
      '100 blocks of apt in each other',
      (n) => apt(blocks(100 + n))?.text ?? null,
      null,
      'blocks nest too deep to be followed',
    ],
    [
      'blocks of apt whose names have 1000 characters',
      (n) => apt(`${'n'.repeat(1000 + n)} { }; `)?.text ?? null,
      null,
      'the name is too long to be followed',
    ],
    [
      'a pattern of 4096 characters',
      (n) => globMatches('?'.repeat(4096 + n), 'x'.repeat(4096 + n)),
      true,
      false,
    ],
    [
      'a bracket expression that ends 256 characters on',
      (n) => wildcardMatches(`[${'a'.repeat(255 + n)}]`, 'a', true),
      true,
      false,
    ],
    [
      'a value of 64 KiB of a shell',
      (n) => shellAssignments([{ path: 'x', text: `A=${'a'.repeat(65_536 + n)}` }])[0]?.value.length,
      65_536,
      65_536,
    ],
    ['sixteen files of sshd in each other', (n) => chain(16 + n).problems.length, 0, 1],
    ['256 files of sshd', (n) => wide(255 + n).problems.length, 0, 1],
    [
      '4 MiB of sshd',
      (n) => wide(1, '#'.repeat((4 << 20) - 'Include next'.length + n)).problems.length,
      0,
      1,
    ],
  ])('%s', (_what, read, atLimit, beyond) => {
    expect([read(0), read(1)]).toEqual([atLimit, beyond]);
  });

  it('64 KiB of netplan, and 64 brackets in each other', async () => {
    const long = (length: number) => readNetplan(`network: {}\n`.padEnd(length, '#'));
    expect([(await long(65_536)).problem, (await long(65_537)).problem]).toEqual([
      null,
      'it is longer than any such file',
    ]);
    const nested = (depth: number) =>
      readNetplan(`network: {ethernets: ${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`);
    expect([(await nested(64)).problem, (await nested(65)).problem]).toEqual([
      '"ethernets" is not a mapping',
      'it nests too deep',
    ]);
  });

  it('a value for grub through as many submenus as there can be', () => {
    const nest = (depth: number): GrubEntry => ({
      title: 'x',
      id: null,
      kernel: depth === 0 ? '5.4' : null,
      entries: depth === 0 ? null : [nest(depth - 1)],
    });
    expect(grubChoice([nest(20)], '0')).toMatchObject({ entry: { kernel: '5.4' }, found: true });
    expect(grubChoice([nest(21)], '0')).toEqual({ entry: null, found: false });
  });

  it('rules behind the first 20,001 of sudoers are known to be missing', () => {
    expect(sudoers(many(20_001, () => '%a ALL=/b\n'))).toMatchObject({ whole: true });
    expect(sudoers(many(20_002, () => '%a ALL=/b\n'))).toMatchObject({ whole: false });
  });
});
