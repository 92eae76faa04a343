import { describe, expect, it } from 'vitest';
import { drivePath, goTemplateText, hclString, hclTemplate } from '../../../pipeline/install/render/hcl.ts';
import fc from '../../property.ts';

/** HCL2's own reading of a quoted template: escapes, doubled signs, openers. Throws where a template would be opened. */
function evaluate(literal: string): string {
  if (!/^".*"$/s.test(literal)) throw new Error('not quoted');
  let out = '';
  for (let rest = literal.slice(1, -1); rest !== ''; ) {
    const token = rest.match(/^(?:\\u([0-9a-f]{4})|\\([nrt"\\])|([$%])\3\{|([^"\\\n\r]))/s);
    if (!token || /^[$%]\{/.test(rest)) throw new Error(`unreadable at ${rest.slice(0, 9)}`);
    const [all, code, letter, sign, plain] = token;
    if (code) out += String.fromCharCode(Number.parseInt(code, 16));
    else if (letter) out += { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' }[letter];
    else out += sign ? `${sign}{` : plain;
    rest = rest.slice(all.length);
  }
  return out;
}

/** Texts with what is special to HCL far more often than chance would have it. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '"',
        '\\',
        '${',
        '%{',
        '$',
        '%',
        '{',
        '}',
        '\n',
        '\r',
        '\t',
        '\u0000',
        '\u007f',
        '~',
        '€',
        '😀',
        '\u2028',
        'a',
      ),
      fc.string({ unit: 'binary' }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('hclString', () => {
  it('evaluates to the text for any text', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(evaluate(hclString(text))).toBe(text);
      }),
    );
  });

  it('is one line of printable characters', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(hclString(text)).not.toMatch(/[\u0000-\u001f\u007f]/);
      }),
    );
  });

  it.each([
    ['a "b" \\', '"a \\"b\\" \\\\"'],
    ['${x} %{y}', '"\\u0024{x} \\u0025{y}"'],
    ['$5 100% {', '"$5 100% {"'],
    ['a\nb\r\t', '"a\\nb\\r\\t"'],
  ])('%j', (text, literal) => expect(hclString(text)).toBe(literal));
});

describe('hclTemplate', () => {
  it('keeps the texts around an expression apart from its opener', () => {
    expect(hclTemplate(['100%', { expression: 'var.x' }, '{$'])).toBe('"100\\u0025${var.x}{$"');
    expect(hclTemplate(['$', '{not}', { expression: 'var.x' }])).toBe('"\\u0024{not}${var.x}"');
  });
});

describe('goTemplateText', () => {
  it('passes text on as it is', () => expect(goTemplateText('/a {b} c', 'The path')).toBe('/a {b} c'));

  it('refuses what Packer would run', () => {
    expect(() => goTemplateText('/iso/{{ x }}.iso', 'The path of the ISO')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('The path of the ISO contains "{{"'),
      }),
    );
  });
});

describe('drivePath', () => {
  it("refuses what would break out of QEMU's options, and leaves the rest alone", () => {
    expect(() => drivePath('/isos/a,b.iso', 'The path of the ISO')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
    expect(() => drivePath('/isos/{{a}}.iso', 'The path of the ISO')).toThrow(/template/);
    expect(drivePath('/isos/a b=c.iso', 'The path of the ISO')).toBe('/isos/a b=c.iso');
  });
});
