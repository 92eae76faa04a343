import { describe, expect, it } from 'vitest';
import { KeyFiles } from '../../../pipeline/image/facts/collect/keys.ts';
import { AptConfig, readAptConf } from '../../../pipeline/image/parsers/apt-conf.ts';
import { parseAssignments } from '../../../pipeline/image/parsers/assignments.ts';
import { stanzas } from '../../../pipeline/image/parsers/dpkg-status.ts';
import { parseDriverPackages } from '../../../pipeline/image/parsers/driver-packages.ts';
import type { GrubEntry } from '../../../pipeline/image/parsers/grub-cfg.ts';
import { grubDefaults } from '../../../pipeline/image/parsers/grub-menu.ts';
import { lostKernelOptions } from '../../../pipeline/image/parsers/grub-options.ts';
import { readModinfo } from '../../../pipeline/image/parsers/modinfo.ts';
import { isBlank, quoteWord, strip } from '../../../pipeline/image/parsers/quote-word.ts';
import { parseShebang } from '../../../pipeline/image/parsers/shebang.ts';
import { variableChanges } from '../../../pipeline/image/parsers/shell-variables.ts';
import { readSshdConfig } from '../../../pipeline/image/parsers/sshd-config.ts';
import { readSudoers } from '../../../pipeline/image/parsers/sudoers.ts';
import { parseUnit } from '../../../pipeline/image/parsers/systemd-unit.ts';
import { number } from '../../../pipeline/image/tar/header.ts';
import { parsePax } from '../../../pipeline/image/tar/pax.ts';

it('each blank of C is one, alone and at the ends of a text', () => {
  for (const blank of ' \t\n\r\v\f')
    expect([isBlank(blank), strip(`${blank}a${blank}b${blank}`)]).toEqual([true, `a${blank}b`]);
  for (const other of [undefined, 'a', '\0', '\u00a0', '\u0085']) expect(isBlank(other)).toBe(false);
});

it.each<[string, number, unknown]>([
  ['a b', 0, { word: 'a', next: 2 }],
  ['a\t\rb', 0, { word: 'a', next: 3 }],
  ['  "a b" c', 0, { word: '  a b', next: 8 }],
  ['[a b]c', 0, { word: '[a b]c', next: 6 }],
  ['a%20b', 0, { word: 'a b', next: 5 }],
  ['a', 1, null],
  ['"a', 0, null],
  ['[a', 0, null],
])('the word of %j at %i is %j', (text, at, expected) => {
  expect(quoteWord(text, at)).toEqual(expected);
});

it.each<[number[], RegExp]>([
  [[], /^it is empty/],
  [[0xef, 0xbb, 0xbf, 0x23, 0x21], /byte order mark/],
  [[0xef, 0x41], /does not begin with #!/],
  [[0x41, 0xbb], /does not begin with #!/],
  [[0x23], /does not begin with #!/],
])('a script of the bytes %j is refused', (bytes, why) => {
  expect(parseShebang(Buffer.from(bytes))).toMatch(why);
});

describe('the words of a shell', () => {
  it.each([' ', '\t', '\r'])('are parted by %j', (blank) => {
    const { changes } = variableChanges(`export${blank}A=1${blank}B=2\n`);
    expect(changes.map(({ name }) => name)).toEqual(['A', 'B']);
  });
});

describe('options of the kernel', () => {
  const lost = (main: string) =>
    lostKernelOptions(main, []).map(({ line, why, conditional }) => [line, why, conditional]);
  const OPTIONS = 'GRUB_CMDLINE_LINUX_DEFAULT';

  it('are lost by += where it is certain to run', () => {
    expect(lost(`${OPTIONS}=""\nA+=x\n`)).toEqual([[2, 'sh knows no +=', false]]);
    expect(lost(`${OPTIONS}=""\nif [ -e /x ]; then\n  A+=x\nfi\n`)).toEqual([]);
  });

  it('are lost by the line that assigns anew, and perhaps by one under a condition', () => {
    expect(lost(`${OPTIONS}=""\n${OPTIONS}=a\n${OPTIONS}=b\n`)).toEqual([[2, 'assigns it anew', false]]);
    expect(lost(`${OPTIONS}=""\nif [ -e /x ]; then\n  ${OPTIONS}=a\nfi\n`)).toEqual([
      [3, 'assigns it anew', true],
    ]);
    expect(lost(`${OPTIONS}=""\n${OPTIONS}="$${OPTIONS} a"\n`)).toEqual([]);
  });
});

describe('a value of GRUB_DEFAULT', () => {
  const entry = (title: string, kernel: string | null, entries: GrubEntry[] | null = null): GrubEntry => ({
    ...{ title, id: null, kernel },
    entries,
  });
  it('is a title of a flat menu, and one below its submenu of any other', () => {
    const flat = [entry('new', '9'), entry('new (recovery)', '9'), entry('memtest', null), entry('old', '5')];
    expect(grubDefaults(flat)).toEqual([
      { version: '9', value: 'new' },
      { version: '5', value: 'old' },
    ]);
    const inner = [entry('a', '9'), entry('a (recovery)', '9'), entry('none', null), entry('b', '5')];
    expect(grubDefaults([entry('first', '9'), entry('more', null, inner)])).toEqual([
      { version: '9', value: 'more>a' },
      { version: '5', value: 'more>b' },
    ]);
    expect(grubDefaults([entry('first', '9'), entry('more', null, [])])).toEqual([]);
  });
});

it.each([
  ['x', '/etc/apt/x'],
  ['/x', '/x'],
  ['./x', './x'],
  ['~/x', '~/x'],
  ['../x', '../x'],
  ['.x', '/etc/apt/.x'],
  ['/dev/null/x', '/dev/null'],
])('Dir::Etc::sourcelist of %j is the file %s', (value, path) => {
  const config = new AptConfig();
  expect(readAptConf(`Dir::Etc::sourcelist "${value}";\n`, 'f', config, () => null)).toBe(null);
  const defaults = new Map([
    ['dir', '/'],
    ['dir::etc', 'etc/apt/'],
    ['dir::etc::sourcelist', 'sources.list'],
  ]);
  expect(config.path('Dir::Etc::sourcelist', defaults)).toBe(path);
});

it.each(['import_ns', 'a-b', 'a.b', 'Z', 'z', 'A', 'a', '0', '9'])(
  'a module has its version and kernel in one row, with the key %j between them',
  (key) => {
    const row = `version=1\0${key}=x\0vermagic=5.4 SMP\0`;
    expect(readModinfo(Buffer.from(`\0${row}`))).toEqual({ version: '1', kernel: '5.4' });
  },
);

it.each(['@', '[', '`', '{', '/', ':', ' '])('a row of strings ends at the key %j', (key) => {
  const row = `version=1\0${key}=x\0vermagic=5.4 SMP\0`;
  expect(readModinfo(Buffer.from(`\0${row}`))).toEqual({ version: null, kernel: '5.4' });
});

describe('a file of sshd', () => {
  it('that includes itself is named once, and nothing is read behind it', () => {
    const text = 'Include a\nInclude a\nPermitRootLogin yes\n';
    const { problems, settings } = readSshdConfig({ text: () => text, glob: () => ['etc/ssh/a'] });
    expect(problems).toHaveLength(1);
    expect(settings).toEqual([]);
  });
});

it.each([
  ['.ssh/keys', true],
  ['root/.ssh/keys', true],
  ['ssh/keys', false],
  ['root/.ssh/known_hosts', false],
  ['root/.ssh/id_rsa.pub', false],
  ['etc/authorized_keys', true],
  ['authorized/keys', false],
  ['usr/share/doc/authorized_keys', false],
])('%s may be a file of keys: %s', (path, wanted) => {
  expect(new KeyFiles().wants(path)).toBe(wanted);
});

it.each<[string, number | null]>([
  ['      \x80\x05', 5],
  ['       \x80', null],
  ['       7', 7],
  ['        ', null],
])('a field of %j is the number %s', (field, expected) => {
  expect(number(Buffer.from(field, 'latin1'), 0, 8)).toBe(expected);
});

it.each([
  ["'a b'", 'a b'],
  ['"a\\"b"', 'a"b'],
  ["'", "'"],
  ['"', '"'],
  ["'a", "'a"],
  ["a'", "a'"],
  ['ab', 'ab'],
  ["''", ''],
])('the value %s without its quotes is %j', (written, value) => {
  expect(parseAssignments(`A=${written}\n`).get('A')).toBe(value);
});

it('stanzas are parted by lines of blanks, however many', () => {
  expect([...stanzas('\na\n b\n\n \t\nc\n')]).toEqual([['a', ' b'], ['c']]);
});

it('packages of others provide nothing of the driver', () => {
  const stanza = (name: string, provides: string) =>
    `Package: ${name}\nStatus: install ok installed\nVersion: 580.1-1\nProvides: ${provides}\n\n`;
  const { packages, provides } = parseDriverPackages(
    stanza('bash', 'shell') + stanza('libnvidia-compute-580', 'libcuda1'),
  );
  expect(packages.map(({ name }) => name)).toEqual(['libnvidia-compute-580']);
  expect(provides).toEqual(['libcuda1']);
});

it.each([
  ['10 path=a\n', 'a'],
  ['9 path=a\n', 'a'],
  ['8 path=a\n', null],
  ['99 path=a\n', null],
  ['0 path=a\n', null],
  ['9 path=a ', null],
])('the record %j of an extended header has the path %j', (record, path) => {
  expect(parsePax(Buffer.from(record))?.get('path')?.toString() ?? null).toBe(path);
});

// As `visudo -c` of sudo 1.9.13 has them.
it.each([
  ['a ALL = ROLE=x /bin/y', 0],
  ['a ALL = ROLE="x y" /bin/y', 0],
  ['a ALL = ROLE= /bin/y', 1],
  ['a ALL = CWD=', 1],
  ['a ALL = /bin/y x : b = /bin/z', 0],
  ['a ALL = /bin/y x:b ALL = /bin/z', 1],
])('sudoers %j has %i errors', (text, errors) => {
  expect(readSudoers({ text: () => `${text}\n`, list: () => [] }).errors).toHaveLength(errors);
});

it('the last line of a unit counts without its end, and a continued one', () => {
  expect(parseUnit('[A]\nB=1').map(({ section, key, value }) => `${section}.${key}=${value}`)).toEqual([
    'A.B=1',
  ]);
  expect(parseUnit('[A]\nB=1 \\').map(({ value }) => value)).toEqual(['1']);
  expect(parseUnit('')).toEqual([]);
});
