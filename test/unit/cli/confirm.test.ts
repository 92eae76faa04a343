import { describe, expect, test } from 'vitest';
import { askByHand, confirm, noticeOf, type Terminal } from '../../../pipeline/cli/confirm.ts';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { lineOf } from '../../../pipeline/report/text/lines.ts';

const { signal } = new AbortController();

/** A person who gives these answers. */
function person(...answers: string[]): Terminal & { asked: string[] } {
  const asked: string[] = [];
  return {
    interactive: true,
    paint: paint(false),
    asked,
    ask: async (text) => {
      asked.push(text);
      return answers.shift() ?? '';
    },
  };
}

const nobody: Terminal = {
  interactive: false,
  paint: paint(false),
  ask: () => Promise.reject(new Error('asked')),
};

describe('before something that harms', () => {
  test('nobody to ask is an error of usage that shows what would be touched', () =>
    expect(confirm('gpu01 Deployed', { yes: false, signal, io: nobody })).rejects.toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      detail: 'gpu01 Deployed',
      hint: expect.stringContaining('--yes'),
    }));

  test('--yes asks nobody', () => confirm('x', { yes: true, signal, io: nobody }));

  test.each(['y', 'Yes', 'YES'])('%s goes on', async (answer) => {
    const io = person(answer);
    await confirm('the plan', { yes: false, signal, io });
    expect(io.asked).toEqual(['the plan\nContinue? [y/N] ']);
  });

  test.each(['', 'n', 'yess', 'gpu01'])('"%s" does not', (answer) =>
    expect(confirm('x', { yes: false, signal, io: person(answer) })).rejects.toThrow(/not confirmed/),
  );
});

describe('manual power', () => {
  const requests = ['Turn on gpu01', 'Turn on gpu02'];

  test('is asked for one after the other', async () => {
    const io = person();
    await askByHand(requests, { io, prompt: true, signal, print: () => expect.fail() });
    expect(io.asked).toEqual([
      'Manual power 1 of 2: Turn on gpu01. Enter when done: ',
      'Manual power 2 of 2: Turn on gpu02. Enter when done: ',
    ]);
  });

  test.each([
    [nobody, true],
    [person(), false],
  ])('is only printed, in order, where nobody answers', async (io, prompt) => {
    const printed: string[] = [];
    await askByHand(requests, { io, prompt, signal, print: (text) => printed.push(text) });
    expect(printed).toEqual([expect.stringMatching(/1\. Turn on gpu01\n {2}2\. Turn on gpu02/)]);
  });
});

test('a list confirmed by --yes is shown as the table it is', () => {
  const notice = noticeOf('2 machines: erased\nNAME     STATUS\ngpu-001  Ready');
  expect(notice).toEqual({
    type: 'notice',
    level: 'info',
    message: '2 machines: erased',
    detail: 'NAME     STATUS\ngpu-001  Ready',
  });
  expect(lineOf(notice, paint(false))).toBe('note: 2 machines: erased\n  NAME     STATUS\n  gpu-001  Ready');
  expect(lineOf(noticeOf('one line'), paint(false))).toBe('note: one line');
});
