import { describe, expect, it } from 'vitest';
import { annotation } from '../../../pipeline/core/escape/github.ts';
import { safeText } from '../../../pipeline/core/escape/html.ts';
import { json } from '../../../pipeline/core/escape/json.ts';
import { cell, code, fenced } from '../../../pipeline/core/escape/markdown.ts';
import { message } from '../../../pipeline/core/escape/sarif.ts';
import { forTerminal, plain } from '../../../pipeline/core/escape/terminal.ts';
import { visible } from '../../../pipeline/core/escape/visible.ts';
import { attribute, content } from '../../../pipeline/core/escape/xml.ts';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { faultText } from '../../../pipeline/report/text/fault-text.ts';
import { plainRenderer, terminalRenderer } from '../../../pipeline/report/text/renderer.ts';
import fc from '../../property.ts';

/** Texts made of what terminals, CIs and formats obey. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '::error::x',
          ' \t::stop-commands::t',
          '##[error]',
          '##vso[task.x]',
          '\n',
          '\r',
          '\r\n',
          '\u001b',
          '\u009b',
        ],
        ...[
          '\u001b[2J',
          '\u001b]8;;http://x\u0007',
          '\u001b]0;t',
          '\u001bP',
          '\u0000',
          '\u0007',
          '\u0085',
          '\u2028',
        ],
        ...[
          '\u202e',
          '\u2066',
          '\u200b',
          '\ufeff',
          '\ud800',
          '\u{e0041}',
          '|',
          '`',
          '```',
          '<',
          '>',
          '&',
          '"',
          "'",
        ],
        ...[
          '@all',
          'https://x.y',
          'www.x.y',
          '[a](b)',
          '%0A',
          '%',
          ',',
          ':',
          ']]>',
          '<!--',
          '$x$',
          '![x](y)',
          '#1',
          '  ',
        ],
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;
const HIDING = /[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e0fff}]/u;
/** Lines that actions/runner takes for a command (ActionCommand.cs), and Azure's agent. */
const OBEYED = /^\s*::.*::|##(\[|vso\[)/im;

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };
const read = (xml: string) => xml.replace(/&(\w+);/g, (_, name: string) => ENTITIES[name]!);

const holds = (check: (text: string) => void, runs = 500) =>
  fc.assert(
    fc.property(nasty, (text) => void check(text)),
    { numRuns: runs },
  );

describe('text from outside', () => {
  it('is shown without controls and without what hides', () =>
    holds((text) => {
      expect(visible(text)).not.toMatch(CONTROLS);
      expect(visible(text)).not.toMatch(HIDING);
      expect(visible(text).isWellFormed()).toBe(true);
    }));

  it('loses no character that can be seen', () => {
    const seen = 'ä€😀 e\u0301 \t\n[x] \\ 中 👩🏽';
    expect(visible(seen)).toBe(seen);
    expect(visible('a\u001b[1;31mb\u001b]0;title\u0007c\u001b(Bd\u009b2Je')).toBe('abcde');
    expect(visible('a\u202eb\u{e0041}')).toBe('a\\u202eb\\udb40\\udc41');
  });

  it.each(['\u001b[', '\u001b]', '\u001b[0', '\u009b', '\u001bP\u001b', '\u001b]8;;', '\r'])(
    'is read in linear time: %j',
    (part) => {
      const before = process.cpuUsage().user;
      visible(part.repeat(2_000_000 / part.length));
      expect(process.cpuUsage().user - before).toBeLessThan(5_000_000);
    },
  );

  it('is one line inside a line of ours', () => holds((text) => expect(plain(text)).not.toMatch(/[\n\r]/)));

  it('is obeyed by no CI and no terminal, whether a place has escaped it or not', () =>
    holds((text) => {
      for (const color of [true, false]) {
        const said = forTerminal(`${text}\n  ${text}\n\u001b[32m${text}\u001b[39m`, color);
        expect(said.replace(/\u001b\[(1|2|22|3[1-369])m/g, '')).not.toMatch(CONTROLS);
        expect(said.replace(/\u001b\[\d+m/g, '')).not.toMatch(OBEYED);
        if (!color) expect(said).not.toMatch(CONTROLS);
      }
    }));

  it('keeps colours of ours', () =>
    expect(forTerminal('\u001b[32mok\u001b[39m \u001b[5mx', true)).toBe('\u001b[32mok\u001b[39m x'));

  it('is not a command in any part of a fault', () =>
    holds((text) => {
      const fault = new Fault('BUILD_FAILED', text, {
        hint: text,
        detail: text,
        where: { file: text, line: 1, column: 1 },
      });
      const said = faultText(fault, paint(false));
      expect(said).not.toMatch(OBEYED);
      expect(said).not.toMatch(CONTROLS);
      // The detail may have lines, nothing else.
      const lines = 1 + visible(text).split('\n').length * (text === '' ? 0 : 1) + (text === '' ? 0 : 1);
      expect(said.split('\n')).toHaveLength(lines);
    }));

  it('is not a command in any event that is shown', () =>
    holds((text) => {
      let said = '';
      const stream = { write: (part: string) => (said += part) };
      const plainly = plainRenderer(stream, paint(false), { verbose: true });
      const live = terminalRenderer({ ...stream, columns: 200 }, paint(false), { verbose: true });
      for (const renderer of [plainly, live]) {
        renderer.show({ type: 'log', source: 'console', line: text });
        renderer.show({ type: 'notice', level: 'warning', message: text, hint: text });
        renderer.show({ type: 'activity', id: text, label: text });
        renderer.show({ type: 'stage-start', image: 'x', stage: 'iso', reason: text });
        renderer.show({ type: 'stage-end', image: 'x', stage: 'iso', seconds: 1, summary: text });
        renderer.show({ type: 'machine-state', machine: text, state: text, note: text, end: 'failed' });
        renderer.close();
      }
      expect(said.replace(/\u001b\[\d*[AJ]/g, '')).not.toMatch(CONTROLS);
      expect(said).not.toMatch(OBEYED);
    }, 150));

  it('stays one annotation of GitHub', () =>
    holds((text) => {
      // As actions/runner reads it (ActionCommand.cs): one command, one property, and the texts as they were.
      const [, title, said] =
        /^::error title=([^:,\r\n]*)::([^\r\n]*)$/.exec(annotation('error', text, text)) ?? [];
      const unescaped = (of = '') =>
        of.replace(/%(25|0A|0D|3A|2C)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
      expect(unescaped(title)).toBe(visible(text));
      expect(unescaped(said)).toBe(visible(text));
    }));

  it('is not markup of Markdown, no mention and no link', () =>
    holds((text) => {
      const said = cell(text);
      expect(said).not.toMatch(/[\n\r]|(?<!\\)(?:\\\\)*[`*_[\]<>|~$]/);
      expect(said).not.toMatch(/@|:\/\/|www\./i);
      expect(code(text)).toMatch(/^`[^`\n]*`$/);
      const block = fenced(text, 20);
      expect(block.slice(1, -1).join('\n')).not.toContain('```');
    }));

  it('is not a link in a message of SARIF, and the same text', () =>
    holds((text) => {
      const said = message(text);
      expect(said).not.toMatch(/(?<!\\)(?:\\\\)*[[\]]/);
      expect(said.replace(/\\(.)/g, '$1')).toBe(visible(text));
    }));

  it('is the same text to a reader of XML, but for what XML cannot write', () =>
    holds((text) => {
      for (const written of [content(text), attribute(text)])
        expect(written).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot);)|[\x00-\x08\x0b-\x1f\ufffe\uffff]/);
      expect(attribute(text)).not.toMatch(/["\n\t]/);
      expect(read(content(text))).toBe(visible(text));
      expect(read(attribute(text))).toBe(visible(text).replace(/[\t\n]/g, ' '));
    }));

  it('is the same value to a reader of JSON, which a terminal may show', () =>
    holds((text) => {
      const written = json({ [text]: [text] }, 2);
      expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify({ [text]: [text] })));
      expect(written).not.toMatch(CONTROLS);
      expect(written).not.toMatch(OBEYED);
    }));

  it('hides nothing on the page', () => holds((text) => expect(safeText(text)).not.toMatch(HIDING)));
});
