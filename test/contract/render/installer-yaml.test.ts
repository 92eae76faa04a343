import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { installerYaml } from '../../../pipeline/install/render/installer-yaml.ts';
import fc from '../../property.ts';

const dir = mkdtempSync(join(tmpdir(), 'yaml-'));

/** The values as both loaders of PyYAML read them, each a list. */
function readBack(values: readonly string[]): string[][] {
  writeFileSync(join(dir, 'a.yaml'), installerYaml('A test.', { all: values }));
  const program = `import json, sys, yaml
for loader in (yaml.SafeLoader, yaml.CSafeLoader):
    print(json.dumps(yaml.load(open(sys.argv[1], 'rb'), Loader=loader)['all']))`;
  const said = execFileSync('/usr/bin/python3', ['-c', program, join(dir, 'a.yaml')], { encoding: 'utf8' });
  return said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

// Numbers, truth values, times, indicators and ends of lines of YAML 1.1, and what does not print.
const TEXTS = [
  ...[
    'no',
    'Yes',
    'off',
    'y',
    'N',
    '~',
    'null',
    'true',
    '=',
    '<<',
    '1e3',
    '1_000',
    '0o17',
    '017',
    '0x1F',
    '0b11',
    '+1',
  ],
  ...[
    '.5',
    '1.',
    '.inf',
    '+.Inf',
    '.NaN',
    '12:30:45',
    '190:20:30',
    '2001-01-01',
    '-0',
    '- x',
    '!a',
    '&a',
    '*a',
    '@a',
    '`a',
    '%a',
  ],
  ...[
    'a: b',
    'a #b',
    '# a',
    '? a',
    'x:',
    '---',
    '...',
    '---\nx\n',
    'a\tb',
    '\t',
    '\n\t\n',
    'a\n\t\n',
    'tab\there\nline\n',
    '',
  ],
  ...[
    ' lead\nx\n',
    'trail \n',
    '\n\nx',
    '\n',
    '  \n x\n',
    '\r\n',
    'a\rb',
    'a\u0085b',
    'x\u0085y\nz\n',
    'a\u2028b\nc\n',
    '\u2029',
  ],
  ...[
    '\u00a0a',
    '\ufeffx',
    '\u200b',
    '\u007f',
    '\u0001',
    '\ufffd',
    '\ue000',
    '…',
    '日本\nü\n',
    '😀',
    '😀\n\n',
    'a\\\u0085"',
    '\\U0001',
  ],
];

it('reaches an installer as it was written: texts that YAML 1.1 reads as something else', () => {
  expect(readBack(TEXTS)).toEqual([TEXTS, TEXTS]);
});

it('reaches an installer as it was written: any text', () => {
  const part = fc.oneof(
    fc.constantFrom(...TEXTS),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
  );
  const texts = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(''));
  // NUL is in no argument, and a lone surrogate in no file.
  const whole = texts.filter((text) => !text.includes('\0') && text.isWellFormed());
  fc.assert(
    fc.property(fc.array(whole, { minLength: 80, maxLength: 120 }), (values) => {
      expect(readBack(values)).toEqual([values, values]);
    }),
    { numRuns: 6 },
  );
});
