import { describe, expect, it } from 'vitest';
import { ModinfoReader, readModinfo } from '../../../pipeline/image/parsers/modinfo.ts';

const row = (...entries: string[]) => entries.map((entry) => `${entry}\0`).join('');
const MAGIC = 'vermagic=5.4.0-125-generic SMP mod_unload modversions ';
const KERNEL = '5.4.0-125-generic';
const bytes = (text: string) => Buffer.from(text, 'latin1');
const read = (text: string) => readModinfo(bytes(text));

describe('the description of a kernel module', () => {
  it.each<[string, string, { version: string | null; kernel: string | null } | null]>([
    [
      'its version and kernel',
      `x\0${row('version=450.1', 'license=GPL', MAGIC)}`,
      { version: '450.1', kernel: KERNEL },
    ],
    ['at the very beginning', row(MAGIC, 'version=1'), { version: '1', kernel: KERNEL }],
    ['without a version', row('license=GPL', MAGIC), { version: null, kernel: KERNEL }],
    ['without vermagic, by its licence', row('license=GPL', 'version=2'), { version: '2', kernel: null }],
    ['by any of the other strings', row('name=nvidia', 'version=2'), { version: '2', kernel: null }],
    [
      'the row with vermagic before one without',
      `${row('license=GPL', 'version=1')}\x01\0${row('version=2', MAGIC)}`,
      { version: '2', kernel: KERNEL },
    ],
    [
      'the row with a licence before a version alone',
      `${row('version=1')}\x01\0${row('license=GPL', 'version=2')}`,
      { version: '2', kernel: null },
    ],
    [
      'the first of two of one kind',
      `${row('license=GPL', 'version=1')}\x01\0${row('license=GPL', 'version=2')}`,
      { version: '1', kernel: null },
    ],
    ['the first value of a name', row('version=1', 'version=2', MAGIC), { version: '1', kernel: KERNEL }],
    ['a version alone', row('version=3'), { version: '3', kernel: null }],
    [
      'strings with NUL bytes between them',
      row('version=1', '', '', MAGIC),
      { version: '1', kernel: KERNEL },
    ],
    ['a value that is empty', row('version=', MAGIC), { version: '', kernel: KERNEL }],
    ['a kernel that is empty', row('version=1', 'vermagic= SMP'), { version: '1', kernel: null }],
    [
      'a key of capitals, digits and signs',
      row('aZ09_-.=x', 'version=1', MAGIC),
      { version: '1', kernel: KERNEL },
    ],
    [
      'tabs and line ends in a value',
      row('description=a\tb\nc', 'version=1', MAGIC),
      { version: '1', kernel: KERNEL },
    ],
    [
      'a row behind one with a sign in its key',
      row('version=9', 'a/b=x', MAGIC),
      { version: null, kernel: KERNEL },
    ],
    [
      'a row behind one with a control character',
      row('version=9', 'a=\x1f', MAGIC),
      { version: null, kernel: KERNEL },
    ],
    ['a row behind one without a key', row('version=9', '=x', MAGIC), { version: null, kernel: KERNEL }],
    ['a row behind one without a value', row('version=9', 'text', MAGIC), { version: null, kernel: KERNEL }],
    ['not what stands within a text', `text with version=1\0`, null],
    ['not a string without its end', 'x\0version=1', null],
    ['not a name that only begins like it', row('versions=1'), null],
    ['nothing', '', null],
  ])('%s', (_what, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each(['@=x', '[=x', '`=x', '{=x', '/=x', ':=x', ',=x', '^=x'])('ends before a key of %j', (entry) => {
    expect(read(row('version=9', entry, MAGIC))).toEqual({ version: null, kernel: KERNEL });
  });

  it.each(['a=x', 'z=x', 'A=x', 'Z=x', '0=x', '9=x', '_=x', '-=x', '.=x', 'a= ', 'a=~', 'a=\xff'])(
    'goes on over %j',
    (entry) => {
      expect(read(row('version=9', entry, MAGIC))).toEqual({ version: '9', kernel: KERNEL });
    },
  );

  it('is cut at 200 characters', () => {
    expect(read(row(`version=${'1'.repeat(300)}`, MAGIC))?.version).toBe('1'.repeat(200));
  });

  it('is found wherever it lies, in chunks of any size, and each module by itself', () => {
    const entries = row('version=1', 'license=GPL', MAGIC);
    const reader = new ModinfoReader();
    for (const before of [0, 1, (64 << 10) - 7, (192 << 10) - 20, (256 << 10) - 9, (256 << 10) + 3, 600_000])
      for (const size of [1 << 10, (64 << 10) + 1, 1 << 20]) {
        const module = Buffer.concat([Buffer.alloc(before, 1), bytes(`\0${entries}`), Buffer.alloc(5000, 1)]);
        for (let at = 0; at < module.length; at += size) reader.write(module.subarray(at, at + size));
        expect([before, size, reader.end()]).toEqual([before, size, { version: '1', kernel: KERNEL }]);
      }
    expect(reader.end()).toBeNull();
  });
});
