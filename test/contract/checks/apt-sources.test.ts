import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseAptSources } from '../../../pipeline/image/parsers/apt-sources.ts';
import { aptBoolean } from '../../../pipeline/image/parsers/quote-word.ts';
import fc from '../../property.ts';
import { AptRoot } from './apt-root.ts';

let root: AptRoot;
beforeAll(() => {
  root = new AptRoot();
});
beforeEach(() => root.clear());
afterAll(() => root.remove());

/** The first address that apt would fetch for the sources of a file; null when it cannot read them. */
function byApt(text: string, name: string): string[] | null {
  root.put(`etc/apt/sources.list.d/${name}`, text);
  const { ok, out } = root.run('apt-get', 'update', '--print-uris');
  if (!ok) return null;
  return [
    ...new Set(
      [...out.matchAll(/^'(.*)InRelease' /gm)].map((m) =>
        m[1]!.replace(/%(09|20)/g, (_, hex) => (hex === '09' ? '\t' : ' ')),
      ),
    ),
  ].sort();
}

function ours(text: string, name: string): string[] | null {
  const { sources, problem } = parseAptSources(text, name);
  // Names of methods count in lower case only: there is no method "HTTP".
  if (problem || sources.some((s) => s.uris.some((uri) => !/^(?:http|copy):/.test(uri)))) return null;
  const places = sources.flatMap(({ uris, suites }) =>
    uris.flatMap((uri) =>
      suites.map((suite) => {
        // apt prints no colon before a port that is empty.
        const printed = uri.replace(/^(\w+:\/\/[^/]*):(?=\/)/, '$1');
        const base = printed.endsWith('/') ? printed : `${printed}/`;
        return suite.endsWith('/') ? `${base}${suite}` : `${base}dists/${suite}/`;
      }),
    ),
  );
  return [...new Set(places)].sort();
}

const LISTS = [
  'deb http://a.example/u s main\n',
  'deb [arch=amd64 trusted=yes] "http://a.example/u%20x" s main # c\n',
  'deb [ arch=amd64 ] HTTP://a.example/u/ s/\r\n',
  '  \tdeb\thttp://a.example s main\n',
  'deb http://a.example/[x y]/ s/\n',
  'deb [arch=amd64]http://a.example s main\n',
  'deb [arch=amd64 signed-by=/k.gpg ]  http://a.example s main extra\n',
  'deb [a=#b] http://a.example s main\n',
  'deb http://a.example s\n',
  'deb http://a.example s/ main\n',
  'deb a.example s main\n',
  'Deb http://a.example s main\n',
  'rpm http://a.example s main\n',
  'deb\n',
  'deb [arch=] http://a.example s main\n',
  'deb [arch] http://a.example s main\n',
  'deb [arch=amd64 http://a.example s main\n',
  'deb http://a.example/#x s main\n',
  'deb "http://a.example s main\n',
  'deb http://a.example/ \\\n s main\n',
  'deb [lang=en] [arch=amd64] http://a.example s main\n',
];
const STANZAS = [
  'Types: deb\nURIs: http://a.example\nSuites: s\nComponents: main\n',
  'TYPES: deb\r\nuris: HTTP://a.example/\r\nSuites: s t/../u\r\nComponents: main\r\n\r\nTypes: deb\nURIs: http://b.example\nSuites: ./\n',
  'Types: deb\nURIs: http://a.example\n# c\n\thttp://b.example\nSuites: s\nComponents: main\n \nTypes: deb\nURIs: http://c.example\n',
  'Types: deb\nURIs: http://a.example\nSuites: s\nComponents: main\nEnabled: no\n',
  'Types: deb\nURIs: http://a.example\nSuites: s\nComponents: main\nEnabled: NEIN\n',
  'Types: deb\nURIs: http://a.example\nURIs: http://b.example\nSuites: s\nComponents: main\n',
  'Types:\n deb\n deb-src\nURIs:\n http://a.example\nSuites:\n s\nComponents:\n main\n',
  'Types: deb\nURIs : http://a.example\nSuites: s\nComponents: main\n',
  'URIs: http://a.example\nSuites: s\nComponents: main\n',
  'Types: deb\nSuites: s\nComponents: main\n',
  'Types: deb\nURIs: http://a.example\nSuites: s\n',
  'Types: deb\nURIs: http://a.example\nSuites: s/\nComponents: main\n',
  'Types: deb\nURIs: a.example\nSuites: s\nComponents: main\n',
  'Types: rpm\nURIs: http://a.example\nSuites: s\nComponents: main\n',
  'Types: deb\ngarbage\nURIs: http://a.example\nSuites: s\nComponents: main\n',
  'garbage\n',
  '\n\n# c\n\n',
  '',
];

describe('sources of apt', () => {
  it.each(LISTS)('of one line are those that apt-get of Debian fetches: %j', (text) => {
    expect(ours(text, 'x.list')).toEqual(byApt(text, 'x.list'));
  });
  it.each(STANZAS)('in deb822 are those that apt-get of Debian fetches: %j', (text) => {
    expect(ours(text, 'x.sources')).toEqual(byApt(text, 'x.sources'));
  });

  it('of one line are so whatever the line', () => {
    const word = fc.constantFrom(
      'deb',
      'deb-src',
      '#',
      '[',
      ']',
      '[arch=amd64]',
      'arch=amd64',
      'http://a.example',
      '"http://b.example/x y"',
      's',
      's/',
      'main',
      '"',
    );
    const line = fc.tuple(
      fc.array(fc.tuple(word, fc.constantFrom(' ', ' ', '\t', '')), { maxLength: 7 }),
      fc.constantFrom('\n', '\r\n'),
    );
    const likely = fc.constantFrom('deb [arch=amd64] ', 'deb ', '');
    fc.assert(
      fc.property(fc.array(fc.tuple(likely, line), { minLength: 1, maxLength: 2 }), (lines) => {
        const text = lines.map(([start, [words, end]]) => `${start}${words.flat().join('')}${end}`).join('');
        expect(ours(text, 'x.list')).toEqual(byApt(text, 'x.list'));
      }),
      { numRuns: +(process.env.RUNS ?? 150) },
    );
  });

  it('in deb822 are so whatever the stanza', () => {
    const line = fc.constantFrom(
      'Types: deb',
      'Types:',
      ' deb',
      'URIs: http://a.example',
      'uris: http://b.example http://c.example',
      ' http://d.example',
      '\thttp://e.example',
      'Suites: s',
      'Suites: ./',
      'Components: main',
      'Components:',
      'Enabled: no',
      'Enabled: yes',
      '# c',
      '',
      ' ',
      'X-Y: z',
      '\r',
    );
    const whole = ['Types: deb', 'URIs: http://f.example', 'Suites: t', 'Components: main'];
    const some = fc.tuple(fc.array(line, { maxLength: 6 }), fc.boolean(), fc.array(line, { maxLength: 4 }));
    fc.assert(
      fc.property(some, fc.constantFrom('\n', '\r\n'), ([before, full, after], end) => {
        const text = [...before, ...(full ? whole : []), ...after].map((l) => `${l}${end}`).join('');
        expect(ours(text, 'x.sources')).toEqual(byApt(text, 'x.sources'));
      }),
      { numRuns: +(process.env.RUNS ?? 200) },
    );
  });
});

describe('sources that apt trusts', () => {
  const repository = (options: string) => `deb ${options} copy:${root.dir}/repo ./\n`;
  const accepts = (name: string, text: string) => {
    root.put(
      'repo/Packages',
      'Package: x\nVersion: 1\nArchitecture: all\nFilename: x.deb\nSize: 1\nDescription: x\n\n',
    );
    root.put(`etc/apt/sources.list.d/${name}`, text);
    return root.run('apt-get', 'update').ok;
  };
  const open = (name: string, text: string) => {
    const options = parseAptSources(text, name).sources[0]!.options;
    return ['trusted', 'allow-insecure'].some((option) => aptBoolean(options.get(option) ?? '') === true);
  };

  it.each([
    ['[trusted=yes]', true],
    ['[trusted=YES]', true],
    ['[trusted="yes"]', true],
    ['[trusted=%79es]', true],
    ['["trusted=1"]', true],
    ['[trusted=0x1]', true],
    ['[trusted=01]', true],
    ['[Trusted=yes]', false],
    ['[trusted=no]', false],
    ['[trusted=2]', false],
    ['[trusted=no trusted=yes]', true],
    ['[allow-insecure=yes]', true],
    ['[Allow-Insecure=yes]', false],
    ['[allow-weak=yes]', false],
  ])('%s', (options, expected) => {
    expect(accepts('x.list', repository(options))).toBe(expected);
    expect(open('x.list', repository(options))).toBe(expected);
  });

  it.each([
    ['Trusted: yes', true],
    ['TRUSTED: Yes', true],
    ['Trusted:\n yes', true],
    ['Trusted: "yes"', false],
    ['Trusted: yes\nTrusted: no', false],
    // sources.list(5) has it, and apt does not read it in this form.
    ['Allow-Insecure: yes', false],
  ])('%j', (field, expected) => {
    const text = `Types: deb\nURIs: copy:${root.dir}/repo\nSuites: ./\n${field}\n`;
    expect(accepts('x.sources', text)).toBe(expected);
    expect(open('x.sources', text)).toBe(expected);
  });
});
