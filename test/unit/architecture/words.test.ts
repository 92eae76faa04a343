import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { program } from '../../../pipeline/cli/main.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Wordings that stop a reader, and what a technical writer puts there. */
const STOPS: readonly [RegExp, string][] = [
  [/\b(?:is|are) told\b/i, 'reported'],
  [/\bwhat became of\b/i, 'the result of'],
  [/\bgone on with\b/i, 'continued'],
  [/\b(?:is|are) to hold\b/i, 'should have'],
  [/\ba content\b(?! security)/i, 'data, or a file'],
  [/\bgoes before (?:the|it|this|that|them)\b/i, 'overrides'],
  [/\bwhat(?: \w+){1,4} lacks\b/i, 'what is missing on'],
  [/\bsomething needed lacks\b/i, 'something required is missing'],
  [/\bside by side\b/i, 'at the same time'],
  [/(?<!\bthere )\bis no (?!longer|more|better)/i, 'is not a'],
];

/** Every wording of `text` that stops, with the word to use. */
function stops(text: string): string[] {
  return STOPS.flatMap(([pattern, better]) => {
    const found = pattern.exec(text);
    return found ? [`"${found[0]}": write "${better}"`] : [];
  });
}

function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

it('a wording that stops a reader is found', () => {
  expect(stops('A mistake is told with its line; "x" is no name')).toHaveLength(2);
  expect(stops('There is no file; it is no longer there')).toEqual([]);
});

describe('the wording', () => {
  const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));

  it.each(pages)('of docs/%s does not stop a reader', (name) => {
    expect(stops(readFileSync(join(ROOT, 'docs', name), 'utf8'))).toEqual([]);
  });

  it.each(commandsOf(program()).map((command) => [command.name(), command] as const))(
    'of the help of %s does not stop a reader',
    (_, command) => {
      expect(stops(command.helpInformation())).toEqual([]);
    },
  );
});
