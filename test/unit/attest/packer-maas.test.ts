import { beforeEach, expect, test, vi } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { packerMaasCommit } from '../../../pipeline/image/attest/packer-maas.ts';

let answer: () => { exitCode: number; stdout: string };
let command: string;
vi.mock('../../../pipeline/host/process/tool.ts', () => ({
  $:
    () =>
    async (pieces: readonly string[], ...words: string[]) => {
      command = pieces.map((piece, at) => `${piece}${words[at] ?? ''}`).join('');
      return answer();
    },
}));

const SHA1 = 'a'.repeat(40);
const SHA256 = 'b'.repeat(64);
beforeEach(() => {
  command = '';
});

const commit = () => packerMaasCommit('/packer-maas', new AbortController().signal);

test.each<[string, number, string, string | null]>([
  ['a checkout', 0, `\n${SHA1}\n`, SHA1],
  ['a checkout with sums of SHA-256', 0, `\n${SHA256}\n`, SHA256],
  ['a folder of another checkout', 0, `vendor/packer-maas/\n${SHA1}\n`, null],
  ['a checkout without a commit', 0, '\nHEAD\n', null],
  ['a checkout of which git says nothing more', 0, '', null],
  ['no checkout, whatever is written', 128, `\n${SHA1}\n`, null],
])('the commit of %s', async (_what, exitCode, stdout, expected) => {
  answer = () => ({ exitCode, stdout });
  expect(await commit()).toBe(expected);
  expect(command).toBe('git -C /packer-maas rev-parse --show-prefix HEAD');
});

test('a host without git knows none; an interruption, or a fault of the program, ends it', async () => {
  const thrown = (error: Error) => () => {
    throw error;
  };
  answer = thrown(new Fault('TOOL_MISSING', 'no git'));
  expect(await commit()).toBeNull();
  for (const error of [new Fault('INTERRUPTED', 'ended'), new TypeError('of the program')]) {
    answer = thrown(error);
    await expect(commit()).rejects.toBe(error);
  }
  answer = thrown(Object.assign(new Error('of the system'), { code: 'TOOL_MISSING' }));
  await expect(commit()).rejects.toThrow('of the system');
});
