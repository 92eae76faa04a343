import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { registerSecret } from '../../../pipeline/core/secrets/registry.ts';
import { supervise } from '../../../pipeline/host/process/supervise.ts';
import { alive, gone, pidIn } from './processes.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'supervise-'));
});
afterAll(() => rm(dir, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const BOTH = [{ guarded: true }, { guarded: false }];

describe.each(BOTH)('a tool that takes its time %j', (how) => {
  const word = String(how.guarded);

  it('gives the exit code, both streams and the lines as they come', async () => {
    const lines: string[] = [];
    const result = await supervise(['sh', '-c', 'echo one; echo two >&2; echo; printf three; exit 3'], {
      ...how,
      onLine: (line, stream) => lines.push(`${stream}:${line}`),
    });
    expect(result).toMatchObject({ exitCode: 3, stdout: 'one\n\nthree', stderr: 'two\n', timedOut: false });
    expect(lines.sort()).toEqual(['stderr:two', 'stdout:', 'stdout:one', 'stdout:three']);
  });

  it('gives a line before the tool ends', async () => {
    const abort = new AbortController();
    const running = supervise(['sh', '-c', 'echo ready; sleep 60'], {
      ...how,
      signal: abort.signal,
      graceMs: 300,
      onLine: (line) => line === 'ready' && abort.abort(),
    });
    await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('writes a log without secrets, and keeps the last characters', async () => {
    registerSecret('hunter2-hunter2');
    const logFile = join(dir, `tool-${word}.log`);
    const { stdout } = await supervise(['echo', 'password hunter2-hunter2'], { ...how, logFile, keep: 5 });
    expect(await readFile(logFile, 'utf8')).toBe('password ***\n');
    expect(stdout).toBe('ter2\n');
  });

  it('keeps our environment from the tool, but for an allowed part', async () => {
    vi.stubEnv('MAAS_API_KEY', 'not-for-tools');
    const { stdout } = await supervise(['env'], { ...how, env: { MINE: '1' } });
    expect(stdout).toContain('MINE=1');
    expect(stdout).not.toMatch(/MAAS_API_KEY|GUARD/);
  });

  it('says which package brings a missing tool, and that one which ends with 127 is there', async () => {
    expect(await supervise(['sh', '-c', 'exit 127'], how)).toMatchObject({ exitCode: 127 });
    vi.stubEnv('PATH', '/nonexistent');
    await expect(
      supervise(['packer', 'version'], { ...how, reason: 'build the image' }),
    ).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: expect.stringContaining('build the image'),
    });
  });

  it('is ended at a time-out, though it is deaf', async () => {
    const file = join(dir, `deaf-${word}.pid`);
    const result = await supervise(
      ['sh', '-c', `trap '' INT; echo $$ > ${file}; while :; do sleep 0.1; done`],
      {
        ...how,
        timeoutMs: 500,
        graceMs: 500,
      },
    );
    expect(result.timedOut).toBe(true);
    expect(await gone(await pidIn(file))).toBe(true);
  });

  it('is asked politely first', async () => {
    const abort = new AbortController();
    let last = '';
    const running = supervise(
      ['sh', '-c', 'trap "echo tidied; exit 0" INT; echo ready; while :; do sleep 0.1; done'],
      {
        ...how,
        signal: abort.signal,
        graceMs: 20_000,
        onLine(line) {
          last = line;
          if (line === 'ready') abort.abort();
        },
      },
    );
    await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(last).toBe('tidied');
  });
});

describe('the guard', () => {
  it('ends the children with the tool, deaf ones too', async () => {
    const file = join(dir, 'child.pid');
    const abort = new AbortController();
    const line = `trap '' INT; (trap '' INT; sleep 60) & echo $! > ${file}; wait; sleep 60`;
    const running = supervise(['sh', '-c', line], { guarded: true, signal: abort.signal, graceMs: 500 });
    const ended = running.catch((error) => error);
    const child = await pidIn(file);
    abort.abort();
    expect(await ended).toMatchObject({ code: 'INTERRUPTED' });
    expect(await gone(child, 3)).toBe(true);
  });

  it('ends the tool and its children when we are killed by SIGKILL', async () => {
    const file = join(dir, 'orphan.pid');
    const module = join(import.meta.dirname, '../../../pipeline/host/process/supervise.ts');
    const parent = spawn(
      process.execPath,
      [
        '-e',
        `import(${JSON.stringify(module)}).then((m) => m.supervise(['sh', '-c', 'sleep 300 & echo $! > ${file}; wait'], { guarded: true, graceMs: 500 }))`,
      ],
      { stdio: 'ignore' },
    );
    const orphan = await pidIn(file);
    expect(alive(orphan)).toBe(true);
    parent.kill('SIGKILL');
    expect(await gone(orphan)).toBe(true);
  });
});
