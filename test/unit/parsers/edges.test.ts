import { describe, expect, it } from 'vitest';
import { KeyFiles } from '../../../pipeline/image/facts/collect/keys.ts';
import { AptConfig, readAptConf } from '../../../pipeline/image/parsers/apt-conf.ts';
import type { GrubEntry } from '../../../pipeline/image/parsers/grub-cfg.ts';
import { grubDefaults } from '../../../pipeline/image/parsers/grub-menu.ts';
import { lostKernelOptions } from '../../../pipeline/image/parsers/grub-options.ts';
import { readModinfo } from '../../../pipeline/image/parsers/modinfo.ts';
import { isBlank, quoteWord, strip } from '../../../pipeline/image/parsers/quote-word.ts';
import { parseShebang } from '../../../pipeline/image/parsers/shebang.ts';
import { variableChanges } from '../../../pipeline/image/parsers/shell-variables.ts';
import { readSshdConfig } from '../../../pipeline/image/parsers/sshd-config.ts';
import { number } from '../../../pipeline/image/tar/header.ts';

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
