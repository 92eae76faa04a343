import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../../..');

/** README and every page of the docs, relative to the root. */
export const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
];

/** A fenced block: the line of its fence, the language behind it, its text. */
export interface Block {
  line: number;
  language: string;
  text: string;
}

export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length,
    language: match[1] as string,
    text: match[2] as string,
  }));
}

/** The commands of a block: one of `sh` as it stands, of `console` the lines behind the prompt. */
export function typed({ language, text }: Block): string {
  if (language === 'sh') return text;
  if (language !== 'console') return '';
  return text
    .split('\n')
    .filter((line) => line.startsWith('$ '))
    .map((line) => `${line.slice(2)}\n`)
    .join('');
}

/** A line without the comment at its end. */
export const withoutComment = (line: string) => line.replace(/(^|\s+)#\s.*$/, '').trim();
