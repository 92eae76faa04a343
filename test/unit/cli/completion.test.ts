import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { answer, type Names, PLACEHOLDERS } from '../../../pipeline/cli/completion/answer.ts';
import { program } from '../../../pipeline/cli/main.ts';

const TOP = await program();
const names: Names = {
  images: async (config) => (config === undefined ? ['dgx1', 'dgx2'] : [`of-${config}`]),
  targets: async () => ['lab', 'site-a'],
  releases: async () => ['demo', 'dgxos5'],
  profiles: async () => ['any-ubuntu', 'dgxos6'],
};
const at = (...words: string[]) => answer(TOP, words, names);
const values = async (...words: string[]) => (await at(...words)).values.map(([value]) => value);

/** Every command with the words that name it. */
function all(command: Command, words: string[] = []): [string[], Command][] {
  return [[words, command], ...command.commands.flatMap((sub) => all(sub, [...words, sub.name()]))];
}

describe('at the cursor of a command line', () => {
  it.each([
    [['ru'], ['run']],
    [
      ['machines', 'de'],
      ['deploy', 'delete'],
    ],
    [['machines', 'power', 'cy'], ['cycle']],
    [['help', 'machines', 'pow'], ['power']],
    [['help', 'nope', ''], []],
    [
      ['run', ''],
      ['dgx1', 'dgx2'],
    ],
    [['build', 'dgx2'], ['dgx2']],
    [
      ['nightly', 'dgx1', ''],
      ['dgx1', 'dgx2'],
    ],
    [['run', 'dgx1', ''], []],
    [
      ['images', ''],
      ['delete', 'dgx1', 'dgx2'],
    ],
    [
      ['images', 'delete', ''],
      ['dgx1', 'dgx2'],
    ],
    [['images', 'dgx1', 'del'], []],
    [['run', 'x', '--from', 'b'], ['build']],
    [['run', 'x', '--from=b'], ['build']],
    [
      ['run', 'x', '--boot='],
      ['direct', 'typed'],
    ],
    [
      ['run', '--boot', 'typed', 'd'],
      ['dgx1', 'dgx2'],
    ],
    [
      ['run', '--boot=typed', 'd'],
      ['dgx1', 'dgx2'],
    ],
    [
      ['upload', 'x', '--to', 'lab', ''],
      ['lab', 'site-a'],
    ],
    [['upload', 'x', '--to', 'lab', '--tit'], ['--title']],
    [['site', 'plan', '--to', 'lab', '--detailed'], ['--detailed-exitcode']],
    [['init', '--release', 'dgx'], ['dgxos5']],
    [
      ['validate', '-p', ''],
      ['any-ubuntu', 'dgxos6'],
    ],
    [
      ['machines', 'tag', 'profile', ''],
      ['slurm', 'k8s'],
    ],
    [['completion', 'f'], ['fish']],
    [['run', '--', '--fr'], []],
    [['run', '--nope=x'], []],
    [['--js'], ['--json']],
    [['run', '--js'], ['--json']],
    [['run', '-q'], ['-q']],
    [['-c', 'other.yaml', 'run', ''], ['of-other.yaml']],
    [['run', '--config=other.yaml', ''], ['of-other.yaml']],
    [['run', '-c', "'my file.yaml'", ''], ['of-my file.yaml']],
    [['run', '-c', 'my\\ file.yaml', ''], ['of-my file.yaml']],
    [['constructor', ''], []],
    [['__proto__', '--jso'], ['--json']],
  ])('%j: %j', async (words, wanted) => {
    expect(await values(...words)).toEqual(wanted);
  });

  it.each([
    ['upload', true],
    ['verify', true],
    ['diff', true],
    ['run', false],
    ['login', false],
    ['machines show', false],
  ])('%s takes a file: %s', async (command, files) => {
    expect((await at(...command.split(' '), '')).files).toBe(files);
  });

  it.each(all(TOP).filter(([words]) => words[0] !== 'complete'))(
    'every option of `%j` is offered, with its line of the help',
    async (words, command) => {
      const offered = new Map((await at(...words, '-')).values);
      for (const option of command.options.filter((one) => !one.hidden))
        expect(offered.get(option.long ?? '')).toBe(option.description);
      expect(offered.has('--json') && offered.has('--help')).toBe(true);
    },
  );

  it('the commands that shells call are not offered', async () => {
    expect(await values('compl')).toEqual(['completion']);
  });

  it('every placeholder that is known is one of the help', () => {
    const used = all(TOP).flatMap(([, command]) => [
      ...command.registeredArguments.map((one) => one.name()),
      ...command.options.flatMap(({ flags }) => /[<[]([^\]>.]+)/.exec(flags)?.[1] ?? []),
    ]);
    expect(Object.keys(PLACEHOLDERS).filter((name) => !used.includes(name))).toEqual([]);
  });
});
