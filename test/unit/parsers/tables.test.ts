import { describe, expect, it } from 'vitest';
import { AptConfig, readAptConf } from '../../../pipeline/image/parsers/apt-conf.ts';
import { parseAssignments } from '../../../pipeline/image/parsers/assignments.ts';
import { countKeys } from '../../../pipeline/image/parsers/authorized-keys.ts';
import { parseDep5 } from '../../../pipeline/image/parsers/dep5.ts';
import { parseDpkgStatus } from '../../../pipeline/image/parsers/dpkg-status.ts';
import { parseFstab } from '../../../pipeline/image/parsers/fstab.ts';
import {
  globMatches,
  globMatchesPath,
  isPattern,
  wildcardMatches,
} from '../../../pipeline/image/parsers/glob.ts';
import { parseInterfaces } from '../../../pipeline/image/parsers/interfaces.ts';
import { readNetplan } from '../../../pipeline/image/parsers/netplan.ts';
import { variableChanges } from '../../../pipeline/image/parsers/shell-variables.ts';

describe('glob(7)', () => {
  it.each<[string, string, boolean]>([
    ['*', 'a', true],
    ['*', '', true],
    ['*', '.a', false],
    ['.*', '.a', true],
    ['\\.*', '.a', true],
    ['?', 'a', true],
    ['?', '', false],
    ['?', 'ab', false],
    ['a*', 'a', true],
    ['a*c', 'abbc', true],
    ['a*c', 'abcb', false],
    ['*a*b', 'xaxbxb', true],
    ['*a*b', 'xaxbx', false],
    ['[ab]', 'b', true],
    ['[ab]', 'c', false],
    ['[a-c]', 'a', true],
    ['[a-c]', 'c', true],
    ['[a-c]', 'd', false],
    ['[a-]', '-', true],
    ['[!a]', 'b', true],
    ['[^a]', 'a', false],
    ['[]]', ']', true],
    ['[!]]', ']', false],
    ['[!]]', 'a', true],
    ['[a', '[a', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a\\', 'a\\', true],
    ['a', 'ab', false],
    ['ab', 'a', false],
  ])('%j and %j: %s', (pattern, name, expected) => {
    expect(globMatches(pattern, name)).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['a/*', 'a/b', true],
    ['a/*', 'a/b/c', false],
    ['*/b', 'a/b', true],
    ['*/b', 'a/c', false],
    ['a', 'a/b', false],
  ])('%j and the path %j: %s', (pattern, path, expected) => {
    expect(globMatchesPath(pattern, path)).toBe(expected);
  });

  it('in OpenSSH knows no brackets and no backslash', () => {
    expect([
      wildcardMatches('[a]', 'a'),
      wildcardMatches('[a]', '[a]'),
      wildcardMatches('\\a', '\\a'),
    ]).toEqual([false, true, true]);
    expect(['a', 'a*', 'a?', '[', '\\'].map(isPattern)).toEqual([false, true, true, true, true]);
  });
});

describe('keys of authorized_keys', () => {
  it.each<[string, number]>([
    ['ssh-ed25519 AAAA a@b', 1],
    ['  ssh-rsa AAAA', 1],
    ['no-pty,command="echo \\"a b\\" c" ssh-rsa AAAA', 1],
    ['command="a b"\tecdsa-sha2-nistp256 AAAA', 1],
    ['command="a b ssh-rsa AAAA', 0],
    ['sk-ecdsa-sha2-nistp256-cert-v01@openssh.com AAAA', 1],
    ['ssh-none AAAA', 0],
    ['# ssh-rsa AAAA', 0],
    ['', 0],
    ['from="x" no-pty ssh-rsa AAAA', 0],
    ['ssh-rsa AAAA\nssh-dss AAAA\n\n', 2],
  ])('%j: %i', (text, count) => {
    expect(countKeys(text)).toBe(count);
  });
});

describe('values of os-release', () => {
  it.each<[string, string | undefined]>([
    ['A=b', 'b'],
    ["A='b'", 'b'],
    ['A="b"', 'b'],
    ['A=\'b"', '\'b"'],
    ['A="b\'', '"b\''],
    ["A='", "'"],
    ['A="', '"'],
    ["A=''", ''],
    ['A=""', ''],
    ["A=b'", "b'"],
    ['A="a\\"b\\n"', 'a"b\\n'],
    ["A='a\\\"b'", 'a\\"b'],
    [' A=b ', 'b'],
    ['1=b', undefined],
  ])('%j', (text, value) => {
    expect(parseAssignments(text).get('A')).toBe(value);
  });
});

describe('stanzas of dpkg', () => {
  it.each<[string, string[]]>([
    ['Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n', ['a 1 all ii']],
    ['Package: a\nStatus: hold ok half-configured\n', ['a   hF']],
    ['Package: a\nStatus: install reinstreq half-installed\n', ['a   iHR']],
    ['Package: a\nStatus: deinstall ok config-files\n', ['a   rc']],
    ['Package: a\nStatus: purge ok not-installed\n', []],
    ['Package: a\n', ['a   ??R']],
    ['Status: install ok installed\n', []],
    [
      '\n\nPackage: a\nStatus: install ok installed\n \n\nPackage: b\nStatus: install ok installed',
      ['a   ii', 'b   ii'],
    ],
    ['', []],
  ])('%j', (text, packages) => {
    expect(parseDpkgStatus(text).map((p) => [p.name, p.version, p.arch, p.status].join(' '))).toEqual(
      packages,
    );
  });
});

it('fstab: fields between blanks, escapes, missing ones, comments', () => {
  expect(
    parseFstab('# c\n/dev/sda1 /a\\040b ext4 rw,,ro 0 0\n\n \n\tLABEL=x none swap\nonly\n#x y\n').map((e) => [
      e.line,
      e.spec,
      e.file,
      e.type,
      e.options.join('+'),
    ]),
  ).toEqual([
    [2, '/dev/sda1', '/a b', 'ext4', 'rw+ro'],
    [5, 'LABEL=x', 'none', 'swap', ''],
    [6, 'only', '', '', ''],
  ]);
});

it('interfaces(5): stanzas but the loopback, what is read beside them, lines joined at a backslash', () => {
  expect(
    parseInterfaces(
      'auto lo eth0\niface lo inet loopback\niface eth0 inet dhcp\n # iface eth1 inet dhcp\niface\nsource a b\nsource-directory c\niface \\\neth2 inet dhcp\n',
    ),
  ).toEqual({
    defined: [
      { line: 3, name: 'eth0' },
      { line: 8, name: 'eth2' },
    ],
    sources: [
      { pattern: 'a', directory: false },
      { pattern: 'b', directory: false },
      { pattern: 'c', directory: true },
    ],
  });
});

describe('netplan', () => {
  const NONE = { interfaces: [], byMac: false, renderer: null, problem: null };
  it.each<[string, object]>([
    ['', NONE],
    ['network: {version: 2}', NONE],
    ['network: {version: "2", renderer: networkd}', { ...NONE, renderer: 'networkd' }],
    ['network: {version: 1}', { ...NONE, problem: 'its version is not 2' }],
    ['network: {renderer: other}', { ...NONE, problem: 'unknown renderer "other"' }],
    ['network: {openvswitch: x}', NONE],
    ['network: {strange: {}}', { ...NONE, problem: 'unknown key "strange"' }],
    ['strange: {}', { ...NONE, problem: 'unknown key "strange"' }],
    ['network: []', { ...NONE, problem: '"network" is not a mapping' }],
    ['network:', { ...NONE, problem: '"network" is not a mapping' }],
    ['[]', { ...NONE, problem: 'it is not a mapping' }],
    ['x', { ...NONE, problem: 'it is not a mapping' }],
    ['network: {ethernets: 1}', { ...NONE, problem: '"ethernets" is not a mapping' }],
    [
      'network: {ethernets: {e1: {}, e2: {dhcp4: true}}}',
      { ...NONE, interfaces: ['ethernets/e1', 'ethernets/e2'] },
    ],
    ['network: {ethernets: {renderer: networkd}}', NONE],
    ['network: {ethernets: {lo: {}}}', NONE],
    ['network: {ethernets: {lo: {match: {name: x}}}}', { ...NONE, interfaces: ['ethernets/lo'] }],
    ['network: {ethernets: {lo: {match: []}}}', NONE],
    [
      'network: {ethernets: {e: {match: {macaddress: "0:1"}}}}',
      { ...NONE, interfaces: ['ethernets/e'], byMac: true },
    ],
    ['network: {ethernets: {e: {match: {name: e}}}}', { ...NONE, interfaces: ['ethernets/e'] }],
    ['network: {bonds: {b: {}}}', { ...NONE, interfaces: ['bonds/b'] }],
    ['a: [', { ...NONE, problem: 'it is not YAML' }],
    ['network: {version: 2}\nnetwork: {version: 2}', { ...NONE, interfaces: ['keys that stand twice'] }],
    ['network: {version: 2}\n---\nnetwork: {version: 1}', NONE],
  ])('%j', async (text, expected) => {
    expect(await readNetplan(text)).toEqual(expected);
  });
});

describe('apt.conf', () => {
  const OUT = 'there is more behind the value';
  it.each<[string, Record<string, string> | string]>([
    ['A "1";', { A: '1' }],
    ['A::B "1";', { 'A::B': '1' }],
    ['A { B "1"; };', { 'A::B': '1' }],
    ['A { B { C "1"; }; D "2"; };', { 'A::B::C': '1', 'A::D': '2' }],
    ['A "1" "2";', { A: '1 2' }],
    ['A "1"  "2";', { A: '1 2' }],
    ['A "1""2";', { A: '12' }],
    ['A b;', { A: 'b' }],
    ['A "b;c";', { A: 'b;c' }],
    ['A "1" b;', OUT],
    ['A b c;', OUT],
    ['// c\nA "1"; # d\n/* e\n f */ B "2";', { A: '1', B: '2' }],
    ['A "1"; #clear A;', {}],
    ['A { #clear B; };', 'directives can only be at the top level'],
    ['#clear;', '#clear names no option'],
    ['{ A "1"; };', 'a block starts with no name'],
    ['A "1"', 'there is text without a ; at the end'],
  ])('%j', (text, expected) => {
    const config = new AptConfig();
    const problem = readAptConf(text, 'x', config, () => null);
    if (typeof expected === 'string') expect(problem?.text).toBe(expected);
    else {
      expect(problem).toBeNull();
      expect(
        Object.fromEntries(
          [...config.settings()].flatMap(({ name, value }) => (value ? [[name, value]] : [])),
        ),
      ).toEqual(expected);
    }
  });
});

describe('licences of a copyright file', () => {
  const FORMAT = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n';
  it.each<[string, string[] | null]>([
    ['Some text\n', null],
    [`${FORMAT}\nFiles: *\nLicense: MIT\n`, ['MIT']],
    [`${FORMAT}\nFiles: *\nCopyright: x\n`, []],
  ])('%j', (text, expected) => {
    expect(parseDep5(text)).toEqual(expected);
  });
});

describe('changes of variables in a shell file', () => {
  const read = (text: string) => {
    const { changes, open } = variableChanges(text);
    return [
      changes
        .map(({ line, name, how, conditional }) => `${line}:${name}${how}${conditional ? '?' : ''}`)
        .join(' '),
      open,
    ];
  };
  it.each<[string, string, number | null]>([
    ['A=1', '1:A=', null],
    ['A=1\nB=2', '1:A= 2:B=', null],
    ['A=1; B=2', '1:A= 1:B=', null],
    ['A=1 # B=2', '1:A=', null],
    ['A=1#B=2', '1:A=', null],
    ['A=\\\n1\nB=2', '1:A= 3:B=', null],
    ['A="1\n2"\nB=2', '1:A= 3:B=', null],
    ["A='1\n2'\nB=2", '1:A= 3:B=', null],
    ['A=$(echo "a)" \')\')\nB=2', '1:A= 2:B=', null],
    ['A=`echo a; b`\nB=2', '1:A= 2:B=', null],
    ['A="$(echo ")")"\nB=2', '1:A= 2:B=', null],
    ['A="a\\"b"\nB=2', '1:A= 2:B=', null],
    ['A="a', '1:A=', 1],
    ['B=1\nA=$(a', '1:B= 2:A=', 2],
  ])('%j', (text, changes, open) => {
    expect(read(text)).toEqual([changes, open]);
  });
});
