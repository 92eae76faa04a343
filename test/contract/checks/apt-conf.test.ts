import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AptConfig, readAptConf } from '../../../pipeline/image/parsers/apt-conf.ts';
import fc from '../../property.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'apt-conf-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const ROOT = /^(?:"?(?:Aa|Bb|Acquire|APT)(?:::|$))/i;

/** The settings that apt itself reads from a file, without its own defaults; null when it stops at an error. */
function byApt(text: string): string[] | null {
  const file = join(dir, 'apt.conf');
  // Its own defaults, and the host's files, are out of the way.
  writeFileSync(file, `Dir "${dir}/nowhere/";\n#clear Acquire;\n#clear APT;\n${text}`);
  try {
    const out = execFileSync('apt-config', ['dump', '--format', '%F=%V%n'], {
      env: { PATH: process.env.PATH, APT_CONFIG: file, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return out
      .toString('latin1')
      .split('\n')
      .filter((line) => ROOT.test(line));
  } catch {
    return null;
  }
}

function ours(text: string): string[] | null {
  const config = new AptConfig();
  const problem = readAptConf(text, 'x', config, () => ({ file: 'x', line: 1, text: 'cannot be read' }));
  if (problem) return null;
  return [...config.settings()]
    .map(({ name, value }) => `${escaped(name)}=${escaped(value)}`)
    .filter((line) => ROOT.test(line));
}

const escaped = (text: string) =>
  text.replace(/[^!#$&-<>-~]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** apt's defaults that are set again after the file was read. */
const withoutDefaults = (lines: string[] | null, mine: string[] | null) =>
  lines?.filter((line) => mine?.includes(line) || !/^(?:APT|Acquire)/i.test(line)) ?? null;

const NAMED = [
  'Aa::Proxy "http://p:1";',
  'Aa::Proxy http://p:1;',
  'Aa::Proxy\n  "http://p:1"\n;',
  'Aa { http { Proxy "http://r"; }; };',
  'Aa { http { Proxy "http://r" } }',
  '// Aa::x "1";\nAa::y "2"; // c',
  '# Aa::x "1";\nAa::y "2"; # c',
  '/* Aa::x "1"; */ Aa::y "2"; /* more\n Aa::z "3"; */ Aa::w "4";',
  'Aa::x "http://h/#a//b/*c*/";',
  'Aa::x "1";\n#clear Aa::x;\nAa::x::y "2";',
  'Aa::x "1";\n#clear Aa;',
  'Aa::x "1"; aA::X "2";',
  'Aa::x:: "1"; Aa::x:: "2"; Aa::x { "3"; "4"; };',
  'Aa::x "a" "b"  "c";',
  'Aa::x "1"; Aa::x "";',
  'Aa "1" { x "2"; };',
  'Aa::::Bb "1";',
  'Aa:::x "1";',
  'Aa::x 1 2;',
  'Aa::x "1"',
  'Aa::x "1;\nBb::y "2";',
  '{ "1"; };',
  '#clear;',
  '#nothing Aa;',
  'Aa { #clear Bb; };',
  '}; Aa "1";',
  'Aa::%41x "%42";',
  'Aa::x b%20c;',
  "Aa::x 'b c';",
  'Aa::x [b c];',
  '\tAa::x\t"b\tc";\r\n',
  'Aa::x;',
  'Aa;',
];

describe('apt.conf', () => {
  it.each(NAMED)('is read as apt-config dump of Debian reads it: %j', (text) => {
    const mine = ours(text);
    expect(mine).toEqual(withoutDefaults(byApt(text), mine));
  });

  it('is read so whatever the file', () => {
    const part = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('Aa', 'bB', 'Bb::c', 'aa::Bb', 'x', 'Aa::', '::', ':') },
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          ' "v"',
          ' v',
          ' "a b"',
          ' ""',
          ' "a//b"',
          ' "#"',
          ' "%41"',
          " '",
          ' "',
          ' [a b]',
        ),
      },
      { weight: 5, arbitrary: fc.constantFrom(';', ';\n', '\n', ' ', '{', '}', '};', '{\n', '\t', '\r\n') },
      {
        weight: 2,
        arbitrary: fc.constantFrom('//', '#', '/*', '*/', '# c\n', '/* c */', '\n#clear Aa;', '#clear'),
      },
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 25 }), (parts) => {
        const text = `${parts.join('')}\n`;
        const mine = ours(text);
        expect(mine).toEqual(withoutDefaults(byApt(text), mine));
      }),
      { numRuns: 300 },
    );
  });
});
