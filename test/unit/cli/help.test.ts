import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { program } from '../../../pipeline/cli/main.ts';

const TOP = await program();
const CLI = join(import.meta.dirname, '../../../bin/dgxos-maas.js');

/** Every command with the words that name it. */
function all(command: Command, words: string[] = []): [string, Command][] {
  return [[words.join(' '), command], ...command.commands.flatMap((sub) => all(sub, [...words, sub.name()]))];
}

/** Runs the command line; gives its exit code and what it said. */
const run = (args: readonly string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) =>
    execFile(process.execPath, [CLI, ...args], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    ),
  );

describe('help', () => {
  it.each(all(TOP))('%s --help fits 80 columns', (_, command) => {
    let text = '';
    command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 }).outputHelp();
    expect(text).toContain('Usage: ');
    expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
  });

  it('says no word twice', () => {
    const texts = all(TOP).flatMap(([, command]) => [
      command.description(),
      ...command.options.map(({ description }) => description),
    ]);
    expect(texts.filter((text) => /\b(\w+) \1\b/i.test(text))).toEqual([]);
  });

  it.each(TOP.commands.map((command) => command.name()))(
    'of %s is the same where it is declared alone, after any options of the program',
    async (name) => {
      const alone = await program(['--config', 'doctor', '-q', name, '--help']);
      const [command] = alone.commands.filter((one) => one.name() === name);
      expect(command!.helpInformation()).toBe(
        TOP.commands.find((one) => one.name() === name)!.helpInformation(),
      );
      if (!['help', 'complete'].includes(name)) expect(alone.commands.length).toBeLessThan(4);
    },
  );

  it.each([[], ['nope'], ['--help'], ['help', 'upload'], ['--nope', 'upload'], ['constructor']])(
    'knows every command for the words %j',
    async (...words) => {
      expect((await program(words)).commands).toHaveLength(TOP.commands.length);
    },
  );

  it('has the commands in groups', () => {
    const text = TOP.helpInformation();
    const heads = [...text.matchAll(/^(\S.*):$/gm)].map(([, head]) => head);
    expect(heads).toEqual(['Options', 'Build', 'Check', 'MAAS', 'Machines', 'Upkeep']);
    expect(text).toMatch(/^Check:\n {2}validate /m);
    expect(text).toMatch(/^Machines:\n {2}machines /m);
  });

  it.each(['machines deploy', 'machines power set', 'site plan', 'images delete', 'doctor'])(
    'help %s is what --help of it is',
    async (words) => {
      const [help, option] = [
        await run(['help', ...words.split(' ')]),
        await run([...words.split(' '), '--help']),
      ];
      expect(help).toEqual({ code: 0, stdout: option.stdout, stderr: '' });
      expect(help.stdout).toContain(`Usage: dgxos-maas ${words} `);
    },
  );

  it('of a command that is not there is a usage error that names it', async () => {
    for (const words of [['nope'], ['machines', 'deplyo'], ['doctor', 'x']]) {
      const { code, stdout, stderr } = await run(['help', ...words]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`unknown command '${words.at(-1)}'`);
    }
  });
});
