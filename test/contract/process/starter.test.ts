import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Starter } from '../../../pipeline/host/process/starter.ts';
import { gone, pidIn } from './processes.ts';

let dir: string;
let abort: AbortController;
let starter: Starter | undefined;
const starts = (...argv: [string, ...string[]]) => {
  starter = new Starter(argv, dir, abort.signal);
  return starter;
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "starter '$x' "));
  abort = new AbortController();
});
afterEach(async () => {
  await starter?.close();
  starter = undefined;
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

test('the tool is started once for each list of names, in its folder, with its own words as they are', async () => {
  const one = starts('printf', '%s|', 'two words', '$HOME', '*', '');
  expect(await one.run(['a', 'b-1.gz'])).toEqual({ exitCode: 0, said: 'two words|$HOME|*||a|b-1.gz|' });
  expect(await one.run(['c'])).toEqual({ exitCode: 0, said: 'two words|$HOME|*||c|' });
});

test('the end of a tool is a result, with its output on both streams; the next start is another one', async () => {
  const one = starts('sh', '-c', 'echo out; echo err >&2; echo "exit 0"; exit "$1"', 'sh');
  expect(await one.run(['3'])).toEqual({ exitCode: 3, said: 'out\nerr\nexit 0\n' });
  expect(await one.run(['0'])).toEqual({ exitCode: 0, said: 'out\nerr\nexit 0\n' });
  const killed = starts('sh', '-c', 'kill -9 $$', 'sh');
  expect(await killed.run(['x'])).toMatchObject({ exitCode: 137 });
});

test('the tool reads nothing, and knows nothing of our environment', async () => {
  vi.stubEnv('MAAS_API_KEY', 'secret');
  const one = starts('sh', '-c', 'cat; echo "key $MAAS_API_KEY"', 'sh');
  expect(await one.run(['x'])).toEqual({ exitCode: 0, said: 'key \n' });
});

test('of much output the last part is kept', async () => {
  const one = starts('sh', '-c', 'yes 0123456789 | head -c 3000000; echo; echo last', 'sh');
  const { exitCode, said } = await one.run(['x']);
  expect(exitCode).toBe(0);
  expect(said.endsWith('\nlast\n')).toBe(true);
  expect(said.length).toBeLessThan(100_000);
});

test('a tool that is not installed is missing', async () => {
  await expect(starts('no-such-tool').run(['x'])).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    message: 'no-such-tool is not installed',
  });
});

test.each([['a b'], ['a\nb'], ['$(x)'], ['-f'], [''], ['a;b'], ['*'], ['../a']])(
  'the name %j is refused before any start',
  async (name) => {
    await expect(starts('touch').run([name])).rejects.toThrow(TypeError);
    await expect(starter!.run(['fine', name])).rejects.toThrow(TypeError);
    expect(readdirSync(dir)).toEqual([]);
  },
);

test('no second start while one runs', async () => {
  const one = starts('sleep');
  const first = one.run(['0.2']);
  await expect(one.run(['0'])).rejects.toThrow(TypeError);
  expect(await first).toMatchObject({ exitCode: 0 });
});

test('an abort ends the shell and its tool, and every later start', async () => {
  writeFileSync(join(dir, 'children'), 'sleep 60 & echo $! >child; echo $$ >tool; sleep 60');
  const running = starts('sh').run(['children']);
  const pids = [await pidIn(join(dir, 'tool')), await pidIn(join(dir, 'child'))];
  abort.abort();
  await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(await Promise.all(pids.map((pid) => gone(pid)))).toEqual([true, true]);
  await expect(starter!.run(['children'])).rejects.toMatchObject({ code: 'INTERRUPTED' });
});

test('closed while its tool runs, it ends the tool; the start fails', async () => {
  writeFileSync(join(dir, 'waits'), 'echo $$ >tool; exec sleep 60');
  const failed = expect(starts('sh').run(['waits'])).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  const pid = await pidIn(join(dir, 'tool'));
  await starter!.close();
  await failed;
  expect(await gone(pid)).toBe(true);
});

test('a shell that is killed fails the start, and each one after it', async () => {
  const kill = starts('sh', '-c', 'kill -9 $PPID', 'sh');
  const fault = { code: 'TOOL_FAILED', message: 'The shell that starts sh ended: SIGKILL' };
  await expect(kill.run(['x'])).rejects.toMatchObject(fault);
  await expect(kill.run(['x'])).rejects.toMatchObject(fault);
});
