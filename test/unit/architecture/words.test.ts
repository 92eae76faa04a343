import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { program } from '../../../pipeline/cli/main.ts';

const ROOT = join(import.meta.dirname, '../../..');

type Stop = readonly [RegExp, string];

/** A relative clause at the beginning of a comment, where a noun belongs. */
const COMMENT =
  /(?:\/\*\*|\/\/|^ *\*|^ *#) (?:What|Whatever|Who|Whoever|Whose|Which|Whichever|Where|Wherever|How)\b/m;

/** A relative clause as the name of a test. */
const NAME =
  /(?:\b(?:it|test|describe)(?:\.each\([^()]*\))?\(\s*|^ *\]?\)\()['"`](?:what|whatever|who|whoever|whose|which|whichever|where|wherever|how)\b/m;

/** A relative clause as a heading, an item of a list or a cell of a table; a page may be called "How it works". */
const HEADING =
  /^(?:#+|[-*]|\|) (?:\*\*)?(?:What|Whatever|Who|Whoever|Whose|Which|Whichever|Where|Wherever)\b(?!.*\?)/m;

/** Wordings that stop a reader, and what a technical writer puts there. */
const STOPS: readonly Stop[] = [
  [/\b(?:is|are) told\b/i, 'reported'],
  [/\bwhat(?:ever)? bec(?:a|o)mes? of\b/i, 'the result of'],
  [/\bgone on with\b/i, 'continued'],
  [/\b(?:is|are) to hold\b/i, 'should have'],
  [/\ba content\b(?!s? (?:security|type))/i, 'data, or a file'],
  [/\bgoes before (?:the|it|this|that|them|a|everything|DGXOS)\b/i, 'overrides'],
  [/\bwhat(?: \w+){1,4} lacks\b/i, 'what is missing on'],
  [/\bsomething needed lacks\b/i, 'something required is missing'],
  [/\bside by side\b/i, 'at the same time'],
  [/(?<!\bthere(?:\n \*)? )\b(?:is|are|was|were) no (?!longer|more|better)/i, 'is not a'],
  [/\b(?:channel|channels) (?:shows?|has shown|showed)\b/i, 'holds'],
];

/** Wordings in code: its comments, messages, names of tests and identifiers. */
const STOPS_OF_CODE: readonly Stop[] = [
  ...STOPS,
  [/\b(?:told|tells?|telling)\b/i, 'report, list, show, distinguish'],
  [/\black(?:s|ed|ing)?\b/i, 'is missing, has no'],
  [/\bwish(?:es|ed)?\b/i, 'setting, desired'],
  [COMMENT, 'a noun first'],
  [NAME, 'a noun first'],
];

/** The wording of pages. */
const STOPS_OF_PAGES: readonly Stop[] = [
  ...STOPS,
  [/\b(?:told|tells?|telling|lack(?:s|ed|ing)?)\b/i, 'report, list, show; is missing'],
  [HEADING, 'a noun first'],
  [/(?:^|[.:;] )(?:What|Whatever|Whoever|Whose) [a-z](?![^.]*\?)/m, 'a noun first'],
  [/\b(?:goes?|going|went) on\b/i, 'continues'],
  [/\bat hand\b|\bjust now\b/i, 'available, at the moment'],
];

/** Names that say too little: a place is an image in MAAS, a position in a file, or a location. */
const STOPS_OF_SOURCES: readonly Stop[] = [
  ...STOPS_OF_CODE,
  [
    /\b(?:class|interface|type|const|let) (?:Patience|Standing|Refusal|Tap|Asked|Wish|Place|Written\w+|patience|standing|asked)\b/,
    'a term of the field',
  ],
];

/** Every wording of `text` that stops, with the word to use. */
function stops(text: string, of = STOPS): string[] {
  return of.flatMap(([pattern, better]) => {
    const found = pattern.exec(text);
    return found ? [`"${found[0]}": write "${better}"`] : [];
  });
}

function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

/** Files of a folder by their path; pinned copies of other programs' texts are left out. */
function filesOf(folder: string): [path: string, text: string][] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .filter((path) => /\.(?:ts|eta|sh|ya?ml|css)$|\/[\w-]+$/.test(path))
    .filter((path) => !/node_modules|\/LICENSE$|curtin-recorded|fixtures\/|words\.test\.ts$/.test(path))
    .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]);
}

it('a wording that stops a reader is found', () => {
  expect(stops('A mistake is told with its line; "x" is no name')).toHaveLength(2);
  expect(stops('There is no file; it is no longer there')).toEqual([]);
  expect(stops('const wish = 1; // it lacks one', STOPS_OF_CODE)).toHaveLength(2);
  expect(stops('class Standing {}', STOPS_OF_SOURCES)).toHaveLength(1);
});

it.each([
  '/** What is kept. */',
  '/**\n * Who may log in.\n */',
  '  // Whatever it was',
  '# Which MAAS it is',
  "it('what is kept', () => {",
  "test.each(ROWS)('whoever asks %s', () => {",
  "it(\n  'where it is', () => {",
  "  ])('which of %s', () => {",
])('a relative clause without a noun is found in %j', (text) => {
  expect(stops(text, STOPS_OF_CODE)).toEqual([expect.stringContaining('a noun first')]);
});

it.each([
  '/** The files that are kept, and what for. */',
  ' * a line that goes on, with\n * what it began',
  "it('keeps what it has', () => {",
])('a noun or a verb first is not: %j', (text) => {
  expect(stops(text, STOPS_OF_CODE)).toEqual([]);
});

it.each([
  '## What is kept',
  '| Who asks | for |',
  '- **Which MAAS**: the first',
  'It ends. What remains is deleted.',
  'The build goes on.',
  'the Packer at hand',
])('a heading, cell, item or sentence that stops is found: %j', (text) => {
  expect(stops(text, STOPS_OF_PAGES)).toHaveLength(1);
});

it('a page may ask, and may be called "How it works"', () => {
  expect(stops('# How it works\n\n## What is missing?', STOPS_OF_PAGES)).toEqual([]);
});

const TOP = await program();

describe('the wording', () => {
  const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));

  it.each([
    ...pages.map((name) => `docs/${name}`),
    ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'],
  ])('of %s does not stop a reader', (name) => {
    expect(stops(readFileSync(join(ROOT, name), 'utf8'), STOPS_OF_PAGES)).toEqual([]);
  });

  it.each(commandsOf(TOP).map((command) => [command.name(), command] as const))(
    'of the help of %s does not stop a reader',
    (_, command) => {
      expect(stops(command.helpInformation())).toEqual([]);
    },
  );

  it.each(['pipeline', 'sandbox', 'scripts', 'templates', 'bench', 'test', 'findings', 'recipes'])(
    'of comments, messages, names of tests and identifiers in %s does not stop a reader',
    (folder) => {
      const own = folder === 'test' ? STOPS_OF_CODE : STOPS_OF_SOURCES;
      const found = filesOf(folder).flatMap(([path, text]) =>
        stops(text, own).map((one) => `${path}: ${one}`),
      );
      expect(found).toEqual([]);
    },
  );
});
