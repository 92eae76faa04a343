import { describe, expect, it } from 'vitest';
import { parseRow, spokenLines } from '../../../pipeline/install/vm/machine-readable.ts';
import fc from '../../property.ts';

/** The escapes that Packer 1.6 puts into a field before it writes a row. */
const escaped = (text: string) =>
  text.replaceAll(',', '%!(PACKER_COMMA)').replaceAll('\r', '\\r').replaceAll('\n', '\\n');

describe('rows of packer -machine-readable', () => {
  it('gives back what Packer escaped', () => {
    // Any backslash but one that, with the letter behind it, looks like an escape of Packer's.
    const text = fc
      .string({ unit: fc.constantFrom('\\', 'n', 'r', ',', '\n', '\r', 'x', ' ', '=', '>') })
      .filter((s) => !/\\[nr\n\r]/.test(s));
    fc.assert(
      fc.property(text, (said) => {
        expect(parseRow(`1700000000,,ui,say,${escaped(said)}`)).toEqual({
          time: 1700000000,
          target: '',
          type: 'ui',
          data: ['say', said],
        });
      }),
    );
  });

  // As Debian's Packer 1.6.6 wrote them for a shell-local provisioner that printed these lines.
  it.each([
    ['    null.x: lit a\\nb', ['    null.x: lit a\\nb']],
    ['    null.x: two bs \\\\n c', ['    null.x: two bs \\\\n c']],
    ['    null.x: C:\\new\\\\x', ['    null.x: C:\\new\\\\x']],
    ['    null.x: cr \\r lit', ['    null.x: cr \\r lit']],
    ['    null.x: comma%!(PACKER_COMMA)here', ['    null.x: comma,here']],
    ['2026-11-28T18:17:38Z:     null.x: a\\nb', ['2026-11-28T18:17:38Z:     null.x: a\\nb']],
    ['2026-11-28T18:17:38+05:30: ==> null.x: a\\nb', ['2026-11-28T18:17:38+05:30: ==> null.x: a\\nb']],
    [
      '==> qemu.x: run headless.\\n==> qemu.x: printf "a\\nb"',
      ['==> qemu.x: run headless.', '==> qemu.x: printf "a\\nb"'],
    ],
    ['\\n==> Wait completed', ['', '==> Wait completed']],
    ['C:\\\\x', ['C:\\\\x']],
  ])('keeps a backslash that was printed: %s', (field, lines) => {
    expect(spokenLines(parseRow(`1795889858,,ui,message,${field}`)!)?.lines).toEqual(lines);
  });

  it('is not a row when it is something else', () => {
    for (const line of ['', 'panic: oh', 'a,b,c', '12,ui']) expect(parseRow(line)).toBeUndefined();
  });

  it('splits what was said into lines, with its kind', () => {
    const row = parseRow('1,qemu.dgxos,ui,error,one\\ntwo%!(PACKER_COMMA) three');
    expect(row && spokenLines(row)).toEqual({ kind: 'error', lines: ['one', 'two, three'] });
    expect(spokenLines({ time: 1, target: '', type: 'artifact', data: [] })).toBeUndefined();
  });
});
