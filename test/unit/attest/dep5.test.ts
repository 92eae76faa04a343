import { describe, expect, it } from 'vitest';
import { parseDep5 } from '../../../pipeline/image/parsers/dep5.ts';
import fc from '../../property.ts';

const FORMAT = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/';

describe('a machine-readable copyright file', () => {
  it('declares the licences of its Files paragraphs, each once, and not those only explained', () => {
    const text = [
      FORMAT,
      'Upstream-Name: demo',
      '',
      'Files: *',
      'Copyright: 2020 Somebody',
      'License: GPL-2+',
      ' The text of it,',
      ' .',
      ' License: not this',
      '',
      'Files: debian/*',
      'Copyright: 2021 Another',
      'License: Expat',
      ' \t',
      'Files: lib/*',
      'License:  GPL-2+  ',
      '',
      'License: GPL-2+',
      ' On Debian systems …',
      '',
      'License: Apache-2.0',
    ].join('\n');
    expect(parseDep5(text)).toEqual(['GPL-2+', 'Expat']);
  });

  it('may name its licence in the header, or only explain it', () => {
    expect(parseDep5(`${FORMAT}\nLicense: BSD-3-clause\n\nFiles: *\nCopyright: x\n`)).toEqual([
      'BSD-3-clause',
    ]);
    expect(parseDep5(`${FORMAT}\n\nLicense: Zlib\n text\n`)).toEqual(['Zlib']);
    expect(parseDep5(`${FORMAT}\n`)).toEqual([]);
  });

  it.each([
    'Format: http://dep.debian.net/deps/dep5/',
    'Format-Specification: http://svn.debian.org/wsvn/dep/web/deps/dep5.mdwn?rev=135',
    '\ufeffFORMAT: http://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\r',
    'Upstream-Name: x\nFormat: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
  ])('is known by %j', (header) => {
    expect(parseDep5(`${header}\n\nfiles: *\nlicense: ISC\r\n`)).toEqual(['ISC']);
  });

  it.each(['', 'This package was debianized by …\n\nLicense: GPL\n', 'Files: *\nLicense: GPL-2\n', '\0\0'])(
    'is not %j',
    (text) => expect(parseDep5(text)).toBeNull(),
  );

  it('gives back what any paragraphs declare', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9.+-]{0,20}$/);
    const noise = fc.constantFrom(' continued: line', ' .', '\tLicense: other', 'Comment: x', 'not a field');
    const stanza = fc.record({ name, before: fc.array(noise), after: fc.array(noise) });
    fc.assert(
      fc.property(fc.array(stanza, { minLength: 1, maxLength: 40 }), (stanzas) => {
        const text = stanzas.map(({ name, before, after }) =>
          ['Files: *', ...before, `License: ${name}`, ...after].join('\n'),
        );
        expect(parseDep5([FORMAT, ...text].join('\n\n'))).toEqual([...new Set(stanzas.map((s) => s.name))]);
      }),
    );
  });

  it('leads to a bounded list of short plain names, whatever is in the file', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary', maxLength: 300 }).map((text) => `License: ${text}`),
      fc.constantFrom('', 'Files: *', FORMAT),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 300 }), (lines) => {
        const names = parseDep5([FORMAT, ...lines].join('\n')) ?? [];
        expect(names.length).toBeLessThanOrEqual(64);
        for (const name of names) expect(name).toMatch(/^[^\x00-\x1f\x7f]{1,200}$/);
      }),
      // Long texts take long to make up.
      { numRuns: 20, examples: [[Array.from({ length: 300 }, (_, i) => `License: l${i}`)]] },
    );
  });
});
