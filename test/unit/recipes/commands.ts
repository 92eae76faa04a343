import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { parse } from 'yaml';
import { program } from '../../../pipeline/cli/main.ts';

const TOP = await program();

export const ROOT = join(import.meta.dirname, '../../..');
export const RECIPES = join(ROOT, 'recipes');

/** The text of a recipe. */
export const recipe = (path: string) => readFileSync(join(RECIPES, path), 'utf8');

/** Every shell script in a workflow of GitHub or a job of GitLab. */
export function scriptsIn(yaml: string): string[] {
  const found: string[] = [];
  const look = (value: unknown, key?: string) => {
    if (typeof value === 'string') {
      if (key && ['run', 'script', 'before_script', 'after_script'].includes(key)) found.push(value);
    } else if (Array.isArray(value)) for (const item of value) look(item, key);
    else if (value && typeof value === 'object')
      for (const [name, item] of Object.entries(value)) look(item, name);
  };
  look(parse(yaml));
  return found;
}

/** Words that may stand before the program's name. */
const STARTS = /(^|\/)(npx|node|sudo|env)$|^\w+=/;

/** The calls of dgxos-maas in a script, each as its words behind the program's name; quotes are taken off. */
export function callsIn(script: string): string[][] {
  return script
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, ''))
    .flatMap((line) => line.split(/&&|\|\||[|;]/))
    .map((call) =>
      (call.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^(['"])(.*)\1$/, '$2')),
    )
    .flatMap((words) => {
      const at = words.findIndex((word) => /(^|\/)dgxos-maas(\.js)?$/.test(word));
      return at < 0 || !words.slice(0, at).every((word) => STARTS.test(word)) ? [] : [words.slice(at + 1)];
    });
}

/** The fault in a call, a command or an option that the program does not declare; or null. */
export function problemWith(words: readonly string[]): string | null {
  const top = TOP;
  if (words.some((word) => word === '--version' || word === '--help')) return null;
  const named = (option: Option, flag: string) => option.short === flag || option.long === flag;
  let command: Command = top;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (!word.startsWith('-') || word === '-') {
      const sub = command.commands.find((one) => one.name() === word);
      if (sub) command = sub;
      else if (command.commands.length > 0 && command.registeredArguments.length === 0)
        return `there is no command ${word}`;
      continue;
    }
    const [flag = ''] = word.split('=');
    const option = [...command.options, ...top.options].find((one) => named(one, flag));
    if (!option) return `${command.name()} has no option ${flag}`;
    if (option.required && !word.includes('=')) {
      const value = words[++at];
      if (value === undefined || value.startsWith('--')) return `${flag} wants a value`;
      if (option.argChoices && !option.argChoices.includes(value)) return `${flag} does not take ${value}`;
    }
  }
  return command === top ? 'no command is named' : null;
}
