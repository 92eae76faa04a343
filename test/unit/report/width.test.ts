import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { plain } from '../../../pipeline/core/escape/terminal.ts';
import { columns } from '../../../pipeline/core/text/columns.ts';
import { paint, widthOfStream } from '../../../pipeline/core/text/paint.ts';
import { cut, hanging, padded, pairs, widthOf, wrapped } from '../../../pipeline/core/text/width.ts';
import fc from '../../property.ts';

/** Texts from images, guests and MAAS: wide, combining and joined characters, escapes, spelled-out ones. */
const foreign = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '日本語',
        'e\u0301',
        '👩‍🚀',
        '🇩🇪',
        '한국',
        'ｆｕｌｌ',
        '\u202e',
        '\u001b[31m',
        '\n',
        ' ',
        'नि',
        '…',
      ),
      fc.string({ maxLength: 12 }),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => plain(parts.join('')));

describe('the width of a text', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['👩‍🚀', 2],
    ['🇩🇪', 2],
    ['한국', 4],
    ['ｆ', 2],
    ['✗ ✓ … →', 7],
    ['\u001b[31mred\u001b[39m', 3],
    ['', 0],
  ])('%j takes %i columns', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe('cut', () => {
  it.each([
    ['a longer name', 8, 'a longe…'],
    ['日本語', 4, '日…'],
    ['日本語', 6, '日本語'],
    ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
    // A spelled-out character goes as a whole.
    ['abc\\u202edef', 6, 'abc…'],
    ['ab\\ncd', 4, 'ab…'],
    ['a', 0, ''],
  ])('%j to %i is %j', (text, width, expected) => {
    expect(cut(text, width)).toBe(expected);
  });

  it('is never wider, and begins as the text does', () => {
    fc.assert(
      fc.property(foreign, fc.integer({ min: 1, max: 40 }), (text, width) => {
        const short = cut(text, width);
        expect(widthOf(short)).toBeLessThanOrEqual(width);
        expect(text.startsWith(short.endsWith('…') ? short.slice(0, -1) : short)).toBe(true);
        expect(short.replace(/\\u[0-9a-f]{4}/g, '')).not.toMatch(
          text.includes('\\u') ? /\\u[0-9a-f]{0,3}…$/ : /^$(?!)/,
        );
      }),
    );
  });
});

describe('wrapped', () => {
  it('breaks at blanks, and a long word where it must', () => {
    expect(wrapped('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrapped('/a/very/long/path of it', 8)).toEqual(['/a/very/', 'long/pat', 'h of it']);
    expect(wrapped('日本語日本語', 5)).toEqual(['日本', '語日', '本語']);
  });

  it('loses nothing but blanks, and no line is wider', () => {
    fc.assert(
      fc.property(foreign, fc.integer({ min: 6, max: 40 }), (text, width) => {
        const lines = wrapped(text, width);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });

  it('takes a time that grows with the text only', () => {
    const long = 'wörter und noch mehr '.repeat(20_000);
    expect(wrapped(long, 40).length).toBeGreaterThan(5000);
    expect(wrapped('字'.repeat(100_000), 40)).toHaveLength(5000);
  }, 60_000);
});

describe('hanging', () => {
  it('puts further lines below the first, colours each, and gives way in a narrow terminal', () => {
    expect(hanging('fix: ', 'remove it and pack again', { width: 24 })).toBe(
      'fix: remove it and pack\n     again',
    );
    const color = paint(true, 22);
    expect(hanging(color.cyan('hint: '), 'one two three four', color, color.red)).toBe(
      '\u001b[36mhint: \u001b[39m\u001b[31mone two three\u001b[39m\n      \u001b[31mfour\u001b[39m',
    );
    expect(hanging('a prefix of thirty columns     ', 'and a text beside it', { width: 36 })).toBe(
      'a prefix of thirty columns\n    and a text beside it',
    );
  });

  it('changes nothing where no terminal reads it', () => {
    const text = 'word '.repeat(500).trim();
    expect(hanging('', text, paint(false))).toBe(text);
    expect(pairs([['a', text]], paint(false))).toBe(`a ${text}`);
  });
});

const HEAD = ['NAME', { head: 'POOL', spare: 1 }, { head: 'ZONE', spare: 2 }, { head: 'WHY', wrap: true }];
const ROWS = [
  ['gpu-日本', 'default', 'default', 'MAAS has no image for this machine, and nothing was sent to it'],
  ['gpu-e\u0301', '-', '-', 'done'],
];

describe('columns', () => {
  it('stand below each other whatever characters are in them', () => {
    expect(columns(HEAD, ROWS, paint(false)).split('\n')).toEqual([
      'NAME      POOL     ZONE     WHY',
      'gpu-日本  default  default  MAAS has no image for this machine, and nothing was sent to it',
      'gpu-e\u0301     -        -        done',
    ]);
  });

  it('wrap where they may in a narrow terminal', () => {
    expect(columns(HEAD, ROWS, paint(false, 60)).split('\n')).toEqual([
      'NAME      POOL     ZONE     WHY',
      'gpu-日本  default  default  MAAS has no image for this',
      '                            machine, and nothing was sent to',
      '                            it',
      'gpu-e\u0301     -        -        done',
    ]);
  });

  it('leave out what may be, and say so', () => {
    expect(columns(HEAD, ROWS, paint(false, 30)).split('\n')).toEqual([
      'NAME      POOL     WHY',
      'gpu-日本  default  MAAS has no',
      '                   image for',
      '                   this',
      '                   machine,',
      '                   and nothing',
      '                   was sent to',
      '                   it',
      'gpu-e\u0301     -        done',
      'Not shown at this width: ZONE;',
      '--json has all.',
    ]);
  });

  it('become blocks where nothing else fits', () => {
    const rows = [['a-machine-with-a-long-name', 'x']];
    expect(columns(['NAME', 'ID'], rows, paint(false, 20)).split('\n')).toEqual([
      'NAME',
      '    a-machine-with-a',
      '    -long-name',
      'ID    x',
    ]);
  });

  it('never take more columns than there are, nor divide an escape', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(foreign, foreign, foreign, foreign), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 40, max: 120 }),
        (rows, width) => {
          const text = columns(HEAD, rows, paint(true, width));
          for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(width);
          expect(text.replace(/\u001b\[(?:1|2|22)m/g, '')).not.toContain('\u001b');
        },
      ),
    );
  });
});

describe('the width of a stream', () => {
  it('is that of its terminal; a file has none', () => {
    expect(widthOfStream({ isTTY: true, columns: 60 })).toBe(60);
    expect(widthOfStream({ isTTY: true, columns: 0 })).toBe(80);
    expect(widthOfStream({ columns: 60 })).toBe(Number.POSITIVE_INFINITY);
  });
});

it('pads by columns', () => {
  expect(`${padded('日', 4)}|`).toBe('日  |');
});

it('a text without a mark that needs a look is as wide as string-width has it', () => {
  const character = fc.integer({ min: 0x20, max: 0x2fff }).map((code) => String.fromCodePoint(code));
  fc.assert(
    fc.property(fc.array(character, { maxLength: 6 }), (characters) => {
      const text = characters.join('');
      expect(widthOf(text)).toBe(stringWidth(text));
    }),
    { numRuns: 3000 },
  );
});
