import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { registerSecret } from '../../../pipeline/core/secrets/registry.ts';
import type { Remote, RemoteCommand, RemoteResult } from '../../../pipeline/host/ssh/remote.ts';
import { inspect } from '../../../pipeline/maas/acceptance/inspect.ts';
import type { AcceptanceCheck } from '../../../pipeline/maas/acceptance/types.ts';
import { values } from './values.ts';

const check = (id: string, more: Partial<AcceptanceCheck> = {}): AcceptanceCheck => ({
  id,
  title: `${id} is well`,
  wrong: null,
  severity: 'blocker',
  when: {},
  hardware: false,
  command: `look ${id}`,
  root: false,
  timeoutS: 60,
  expect: { exit: 0, stdout: {}, stderr: {}, fresh: null },
  why: 'why',
  fix: 'fix',
  ...more,
});

const BROKE = { exitCode: null, stderr: 'Connection reset by peer' };

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'inspect-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

interface Machine {
  /** The results of the checks' commands, one after the other; the last one is repeated. */
  results?: readonly Partial<RemoteResult>[];
  /** The machine answers ssh again after a connection has broken. */
  comesBack?: boolean;
  state?: string;
  deployment?: string;
  abort?: AbortController;
}

/** Runs checks on such a machine. */
async function inspected(
  checks: readonly AcceptanceCheck[],
  { results = [{}], comesBack = true, state = folder(), deployment = 'one', abort }: Machine = {},
) {
  const ran: RemoteCommand[] = [];
  const asked: unknown[] = [];
  let at = 0;
  const remote = {
    target: { host: '10.0.0.1', port: 22, user: 'ubuntu' },
    async run(command: RemoteCommand, how: { root?: boolean; timeoutMs: number }) {
      const result = { exitCode: 0, stdout: '', stderr: '', timedOut: false, cut: false, seconds: 1 };
      if (command === 'exit 0') {
        abort?.abort();
        return comesBack ? result : { ...result, exitCode: null, stderr: 'Connection refused' };
      }
      ran.push(command);
      asked.push([how.root, how.timeoutMs]);
      return { ...result, ...results[Math.min(at++, results.length - 1)] };
    },
  };
  const findings = await inspect(remote as unknown as Remote, checks, 3, {
    values: values(),
    origin: { machine: `m-${deployment}`, deployment },
    sshTimeoutS: 0,
    pollMs: 1,
    emit() {},
    signal: abort?.signal ?? new AbortController().signal,
    env: { XDG_STATE_HOME: state },
  });
  return { findings, ran, asked, of: findings.map(({ number, status, found }) => [number, status, found]) };
}

describe('checks on a machine', () => {
  test('are run one after the other, and a failed one stops none', async () => {
    const results = [{ exitCode: 2, stderr: 'no' }, { stdout: 'fine\n' }, {}];
    const checks = [check('a', { root: true }), check('b', { timeoutS: 5 }), check('c')];
    const { of, ran, asked } = await inspected(checks, { results });
    expect(of).toEqual([
      [3, 'fail', 'exit code 2 instead of 0: no'],
      [4, 'pass', 'fine'],
      [5, 'pass', 'exit code 0'],
    ]);
    expect(ran).toEqual(['look a', 'look b', 'look c']);
    expect(asked).toEqual([
      [true, 60_000],
      [false, 5000],
      [false, 60_000],
    ]);
  });

  test('have as headline what was found, by its own words or by its command', async () => {
    const results = [{ exitCode: 1, stderr: 'no' }];
    const headlines = async (one: AcceptanceCheck) =>
      (await inspected([one], { results })).findings.map(({ headline }) => headline);
    expect(await headlines(check('a', { wrong: 'a unit failed' }))).toEqual([
      'a unit failed: exit code 1 instead of 0: no',
    ]);
    expect(await headlines(check('a', { command: ['test', '-d', '/x y'] }))).toEqual([
      'test -d /x y: exit code 1 instead of 0: no',
    ]);
    expect(await headlines(check('a', { command: 'x'.repeat(61) }))).toEqual([
      `${'x'.repeat(60)}…: exit code 1 instead of 0: no`,
    ]);
    expect((await inspected([check('a')])).findings[0]!.headline).toBe('a is well');
  });

  test('keep no secret of ours', async () => {
    registerSecret('registered-in-inspect');
    const { of } = await inspected([check('a')], { results: [{ stdout: 'x registered-in-inspect' }] });
    expect(JSON.stringify(of)).not.toContain('registered-in-inspect');
  });

  test('get values as one word of the shell', async () => {
    const { ran } = await inspected([
      check('a', { command: 'mountpoint {machine.mounts}' }),
      check('b', { command: ['echo', '{machine.mounts}'] }),
    ]);
    expect(ran).toEqual(["mountpoint '/\n/boot/efi'", ['echo', '/\n/boot/efi']]);
  });

  test('that need what is not known say so', async () => {
    const { of, ran } = await inspected([check('a', { command: 'uname {image.kernel}' }), check('b')]);
    expect(of).toEqual([
      [3, 'not-applicable', expect.stringContaining('not known here: the kernel')],
      [4, 'pass', 'exit code 0'],
    ]);
    expect(ran).toEqual(['look b']);
  });

  test('with an output seen before, on another machine, fail', async () => {
    const state = folder();
    const fresh = check('a', { expect: { exit: 0, stdout: {}, stderr: {}, fresh: 'machine' } });
    const results: Partial<RemoteResult>[] = [{ stdout: 'key-1\nkey-2\n' }];
    const run = async (deployment: string, one = fresh, some = results) =>
      (await inspected([one], { state, deployment, results: some })).of[0]!.slice(1);
    expect(await run('one')).toEqual(['pass', 'key-1; key-2']);
    expect(await run('one')).toEqual(['pass', 'key-1; key-2']);
    expect(await run('two', fresh, [{ stdout: 'key-2\nkey-3\n' }])).toEqual([
      'fail',
      'another machine had the same: key-2',
    ]);
    expect(await run('failed', fresh, [{ stdout: 'key-2\n', exitCode: 1 }])).toEqual([
      'fail',
      'exit code 1 instead of 0: key-2',
    ]);
    expect(await run('three', check('b', { expect: fresh.expect }))).toEqual(['pass', 'key-1; key-2']);
    expect(await run('four', check('a'))).toEqual(['pass', 'key-1; key-2']);
  });
});

describe('a connection that breaks', () => {
  test('is made once more, when the machine answers again', async () => {
    const { of, ran } = await inspected([check('a'), check('b')], { results: [BROKE, { stdout: 'back' }] });
    expect(of).toEqual([
      [3, 'pass', 'back'],
      [4, 'pass', 'back'],
    ]);
    expect(ran).toEqual(['look a', 'look a', 'look b']);
  });

  test('a second time is the finding', async () => {
    const { of, ran } = await inspected([check('a')], { results: [BROKE, BROKE] });
    expect(of).toEqual([[3, 'fail', 'the connection broke: Connection reset by peer']]);
    expect(ran).toEqual(['look a', 'look a']);
  });

  test('for good is waited for once; what was not looked at says so', async () => {
    const { of, ran } = await inspected([check('a'), check('b'), check('c')], {
      results: [BROKE],
      comesBack: false,
    });
    expect(of).toEqual([
      [3, 'fail', expect.stringMatching(/^the connection broke: 10\.0\.0\.1 has not answered/)],
      [4, 'not-applicable', 'the machine no longer answers'],
      [5, 'not-applicable', 'the machine no longer answers'],
    ]);
    expect(ran).toEqual(['look a']);
  });

  test('is not what a command is that does not end', async () => {
    const { of, ran } = await inspected([check('a')], { results: [{ exitCode: null, timedOut: true }] });
    expect(of).toEqual([[3, 'fail', 'it did not end within 60 s']]);
    expect(ran).toEqual(['look a']);
  });

  test('by an interruption ends all', async () => {
    const abort = new AbortController();
    await expect(
      inspected([check('a'), check('b')], { results: [BROKE], comesBack: false, abort }),
    ).rejects.toBeTruthy();
  });
});
