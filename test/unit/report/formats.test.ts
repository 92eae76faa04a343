import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { program } from '../../../pipeline/cli/main.ts';
import { settingsPage } from '../../../pipeline/config/reference.ts';
import { NIGHT } from '../../../pipeline/nightly/output/writers.ts';
import { CHECK_LIST } from '../../../pipeline/report/formats/checks-page.ts';
import { DIFF } from '../../../pipeline/report/formats/diffs.ts';
import { REHEARSALS } from '../../../pipeline/report/formats/rehearsals.ts';
import {
  FORMATS,
  formatOptions,
  formatsOf,
  type Reporting,
  type Writers,
} from '../../../pipeline/report/formats/table.ts';
import { VERDICTS } from '../../../pipeline/report/formats/verdicts.ts';
import { readSources } from '../../../scripts/modules.ts';

const WRITERS: Record<Reporting, Writers<never>> = {
  validate: VERDICTS,
  accept: VERDICTS,
  rehearse: REHEARSALS,
  diff: DIFF,
  checks: CHECK_LIST,
  nightly: NIGHT,
  'config settings': { markdown: settingsPage },
};
const OPTIONS = new Set(Object.values(FORMATS).map(({ option }) => option));

/** Every command by its words: "config validate". */
function everyCommand(command: Command, words: readonly string[] = []): [string, Command][] {
  return [
    [words.join(' '), command],
    ...command.commands.flatMap((sub) => everyCommand(sub, [...words, sub.name()])),
  ];
}

describe('the table of formats', () => {
  it('has every option of a format that any command has, with its words', async () => {
    for (const [name, command] of everyCommand(await program())) {
      const own = command.options
        .filter(({ long }) => OPTIONS.has(long as never))
        .map(({ flags, description }) => ({ flags, help: description }));
      const { option: flags, help } = FORMATS.json;
      const everywhere = name === '' ? [{ flags, help: help.stdout }] : [];
      expect(own, name).toEqual(Object.hasOwn(WRITERS, name) ? formatOptions(name as Reporting) : everywhere);
    }
  });

  it.each(Object.keys(WRITERS) as Reporting[])(
    '%s has a writer for each of its formats, and no other',
    (command) => {
      const rows = (['file', 'stdout', 'folder', 'job'] as const).flatMap((to) => formatsOf(command, to));
      const ids = rows.map(({ id }) => id);
      expect(ids.filter((id) => WRITERS[command][id] === undefined)).toEqual([]);
      expect(Object.keys(WRITERS[command]).filter((id) => !ids.includes(id as never))).toEqual([]);
      // The summary of a job is Markdown.
      if (ids.includes('github')) expect(WRITERS[command].markdown).toBeDefined();
    },
  );

  it('gives a folder of results each name once, and the object that says it is whole last', () => {
    const names = formatsOf('nightly', 'folder').map(({ file }) => file);
    expect(names).not.toContain(null);
    expect(new Set(names).size).toBe(names.length);
    expect(names.at(-1)).toBe('summary.json');
  });
});

describe('each format is written in one place', () => {
  const sources = [...readSources()].filter(([file]) => file.startsWith('pipeline/'));
  it.each([
    ['JUnit', /<test(?:suites?|case)\b/, ['pipeline/report/formats/junit.ts']],
    ['workflow commands', /::(?:error|warning|notice)\b|title=\$\{/, ['pipeline/core/escape/github.ts']],
    ['entities of XML', /&(?:amp|lt|gt|quot);/, ['pipeline/core/escape/xml.ts']],
    ['entities of Markdown', /&#(?:\d|\$)/, ['pipeline/core/escape/markdown.ts']],
    ['tables of Markdown', /---\|/, ['pipeline/core/escape/markdown.ts']],
    ['links of SARIF', /3\.11\.6/, ['pipeline/core/escape/sarif.ts']],
    [
      'control sequences',
      /\\x1b\[|\\u001b\[/,
      [
        'pipeline/core/escape/terminal.ts',
        'pipeline/core/escape/visible.ts',
        'pipeline/core/text/paint.ts',
        'pipeline/report/text/live-area.ts',
      ],
    ],
  ])('%s', (_what, pattern, files) => {
    const found = sources.filter(([, text]) => pattern.test(withoutComments(text))).map(([file]) => file);
    expect(found.filter((file) => !files.includes(file))).toEqual([]);
  });
});

const withoutComments = (text: string) => text.replace(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

it('a source that reports an advance also reports its end, so that no live line stays', () => {
  // They pass on or show what others report, or are a part of what `readImage` ends.
  const passing = [
    'pipeline/core/events/event.ts',
    'pipeline/image/read/read-ranges.ts',
    'pipeline/nightly/image.ts',
    'pipeline/queue/carried.ts',
    'pipeline/report/text/lines.ts',
  ];
  const advances = [...readSources()].filter(
    ([file, text]) =>
      file.startsWith('pipeline/') && /type: '(?:progress|activity)'/.test(text) && !passing.includes(file),
  );
  expect(advances.length).toBeGreaterThan(15);
  const endless = advances.filter(([, text]) => !/'activity-end'|\bunderWay\(/.test(text));
  expect(endless.map(([file]) => file)).toEqual([]);
});

it('the docs have a row for each option, with the commands that have it', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/report.md'), 'utf8');
  for (const command of Object.keys(WRITERS) as Reporting[])
    for (const { flags } of formatOptions(command)) {
      const option = flags.replace('<file>', 'FILE');
      const row = page.split('\n').find((line) => line.startsWith(`| \`${option}\` `));
      expect(row, option).toContain(`\`${command}\``);
    }
});
