import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRow, spokenLines } from '../../../pipeline/build/machine-readable.ts';

/** What Packer 1.6 does to a field before it writes a row. */
const escaped = (text: string) =>
  text.replaceAll(',', '%!(PACKER_COMMA)').replaceAll('\r', '\\r').replaceAll('\n', '\\n');

describe('rows of packer -machine-readable', () => {
  it('gives back what Packer escaped', () => {
    const text = fc.string().filter((s) => !s.includes('\\') && !s.includes('%!('));
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

  it('is no row when it is something else', () => {
    for (const line of ['', 'panic: oh', 'a,b,c', '12,ui']) expect(parseRow(line)).toBeUndefined();
  });

  it('splits what was said into lines, with its kind', () => {
    const row = parseRow('1,qemu.dgxos,ui,error,one\\ntwo%!(PACKER_COMMA) three');
    expect(row && spokenLines(row)).toEqual({ kind: 'error', lines: ['one', 'two, three'] });
    expect(spokenLines({ time: 1, target: '', type: 'artifact', data: [] })).toBeUndefined();
  });
});
