import { describe, expect, it } from 'vitest';
import { readSudoers } from '../../../pipeline/image/parsers/sudoers.ts';

/** Files below etc; each has a rule of its own name, unless a text is given. */
function reading(main: string, files: Record<string, string> = {}) {
  const all: Record<string, string> = { sudoers: main, a: 'a ALL=/a\n', 'd/b': 'b ALL=/b\n', ...files };
  const { rules, errors, whole } = readSudoers({
    text: (path) => all[path.replace(/^etc\//, '')] ?? null,
    list: (folder) =>
      Object.keys(all)
        .map((path) => `etc/${path}`)
        .filter((path) => path.slice(0, path.lastIndexOf('/')) === folder.replace(/\/$/, ''))
        .map((path) => path.slice(path.lastIndexOf('/') + 1)),
  });
  return { rules: rules.map(({ users }) => users[0]!.text), errors: errors.map(({ line }) => line), whole };
}

// As `sudo -l` (1.9.13p3) lists them, with the lines that it reports.
describe('a line of sudoers that includes', () => {
  it.each<[string, string[], number[]]>([
    ['@include a # x\n', ['a'], []],
    ['@include a x\nz ALL=/z\n', ['a', 'z'], [1]],
    ['@include "a" x\nz ALL=/z\n', ['a', 'z'], [1]],
    ['@include "a"x\nz ALL=/z\n', ['a', 'z'], [1]],
    ['@include a "x\nz ALL=/z\n', ['a', 'z'], [1]],
    ['@include a x \\\n y\nz ALL=/z\n', ['a', 'z'], [1]],
    ['@include a x # \\\nz ALL=/z\n', ['a', 'z'], [1]],
    ['@includedir d !\nz ALL=/z\n', ['b', 'z'], [1]],
    ['#include a =\nz ALL=/z\n', ['a', 'z'], [1]],
    ['@include a\vx\nz ALL=/z\n', ['a', 'z'], [1]],
    ['@include a\u00a0x\nz ALL=/z\n', ['z'], [1]],
    ['@include "a\nz ALL=/z\n', ['z'], [1]],
    ['@include a,\nz ALL=/z\n', ['z'], [1]],
    ['@include a\\\nz ALL=/z\n', ['z'], [1]],
    ['@include\nz ALL=/z\n', ['z'], [1]],
    ['@include none\nz ALL=/z\n', ['z'], [1]],
    ['@includedir none\nz ALL=/z\n', ['z'], []],
    ['\\\n@include a\nz ALL=/z\n', ['z'], [1]],
    ['\\\nDefaults env_reset\nz ALL=/z\n', ['z'], [1]],
    ['\\\nUser_Alias X = y\nz ALL=/z\n', ['z'], [1]],
    ['\\\n #include a\nz ALL=/z\n', ['z'], []],
  ])('%j', (text, rules, errors) => {
    expect(reading(text)).toEqual({ rules, errors, whole: true });
  });

  it('may stand 144 deep, and what follows it counts', () => {
    const chain = (last: number) =>
      Object.fromEntries(
        Array.from({ length: last }, (_, i) => [
          `f${i + 1}`,
          `u${i + 1} ALL=/x\n@include f${i + 2}\nend ALL=/x\n`,
        ]),
      );
    const { rules, errors, whole } = reading('@include f1\n', chain(150));
    expect([rules.slice(143, 146), rules.length]).toEqual([['u144', 'end', 'end'], 288]);
    expect([errors, whole]).toEqual([[2], true]);
  });

  it.each<[string, boolean]>([
    ['@include a.%h\n', true],
    ['@include d/c.%h.x\n', false],
    ['@include d/c.%hone.x\n', true],
    ['@include %h/a\n', false],
    ['@include a%h%h\n', false],
    ['@includedir d.%h\n', false],
  ])('%j for a host whose name is not known: all is known %j', (text, whole) => {
    expect(reading(text, { 'd/c.one.x': '' })).toEqual({ rules: [], errors: whole ? [1] : [], whole });
  });

  it.each<[string, boolean]>([
    ['z ALL=/z, \\\n', false],
    ['z ALL=/z, \\\n \t', false],
    ['# z \\\n', true],
    ['z ALL=/z # \\\n', true],
    ['z ALL=/z \\\n\n', true],
    ['\\\n#include a\n', false],
    ['z ALL=/z \\\n#includedir d\n', false],
  ])('%j may go on in another file: all is known %j', (text, whole) => {
    expect(reading(text).whole).toBe(whole);
  });
});

describe('a line of sudoers with a fault ends', () => {
  it.each<[string, string[]]>([
    ['bad # x \\\nz ALL=/z\n', ['z']],
    ['bad #1 \\\nz ALL=/z\n', []],
    ['bad #a#1 \\\nz ALL=/z\n', ['z']],
    ['bad "a # b" \\\nz ALL=/z\n', []],
    ['bad "a # b \\\nz ALL=/z\n', []],
    ['bad "a # b\nz ALL=/z\n', ['z']],
    ['bad "a\\" # b" \\\nz ALL=/z\n', []],
    ['bad word a\\#\\\nz ALL=/z\n', []],
    ['bad word a\\ \nz ALL=/z\n', ['z']],
    ['bad \\\nz ALL=/z\n', []],
    ['bad \\ \t\nz ALL=/z\n', []],
    ['bad ALL x "a # b" \\\nz ALL=/z\n', []],
    ['bad ALL x "a # b \\\nz ALL=/z\n', []],
    ['bad ALL x "a # b\nz ALL=/z\n', ['z']],
    ['bad ALL x "a\\" # b" \\\nz ALL=/z\n', []],
    ['bad /a "b # c \\\nz ALL=/z\n', ['z']],
    ['bad /a/ "b # c \\\nz ALL=/z\n', []],
    ['bad sudoedit "b # c \\\nz ALL=/z\n', ['z']],
    ['bad ALL x ^a "b$ "c # d \\\nz ALL=/z\n', ['z']],
    ['bad ALL x ^a "b \\\nz ALL=/z\n', []],
    ['bad ALL x ^ \\\nz ALL=/z\n', []],
    ['bad ALL x /a, "b # c" \\\nz ALL=/z\n', []],
    ['bad "" x\nz ALL=/z\n', ['z']],
  ])('%j', (text, rules) => {
    expect(reading(`${text}y ALL=/y\n`)).toEqual({ rules: [...rules, 'y'], errors: [1], whole: true });
  });
});
