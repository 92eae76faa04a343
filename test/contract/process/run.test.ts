import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerSecret } from '../../../pipeline/core/secrets/registry.ts';
import { run, runOk } from '../../../pipeline/host/process/run.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'run-'));
});
afterAll(() => rm(dir, { recursive: true }));

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Waits until a pid is gone, at most some seconds. */
async function gone(pid: number, seconds = 10): Promise<boolean> {
  for (let i = 0; i < seconds * 20; i++) {
    if (!alive(pid)) return true;
    await sleep(50);
  }
  return false;
}

async function pidIn(file: string): Promise<number> {
  for (let i = 0; i < 200; i++) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('\n')) return Number(text);
    await sleep(50);
  }
  throw new Error(`no pid in ${file}`);
}

describe('run', () => {
  it('gives the exit code, both streams and the lines as they come', async () => {
    const lines: string[] = [];
    const result = await run(['sh', '-c', 'echo one; echo two >&2; printf three; exit 3'], {
      onLine: (line, stream) => lines.push(`${stream}:${line}`),
    });
    expect(result).toMatchObject({ exitCode: 3, stdout: 'one\nthree', stderr: 'two\n' });
    expect(lines.sort()).toEqual(['stderr:two', 'stdout:one', 'stdout:three']);
  });

  it('says which package brings a missing tool', async () => {
    const missing = { ...process.env };
    process.env.PATH = '/nonexistent';
    try {
      await expect(run(['packer', 'version'], { reason: 'build the image' })).rejects.toMatchObject({
        code: 'TOOL_MISSING',
        exitCode: 4,
        message: expect.stringContaining('build the image'),
        hint: expect.stringContaining('apt-get install packer'),
      });
      await expect(run(['packer', 'build'], { guarded: true })).rejects.toMatchObject({
        code: 'TOOL_MISSING',
      });
    } finally {
      process.env.PATH = missing.PATH as string;
    }
  });

  it('keeps our environment from the tool, but for an allowed part', async () => {
    process.env.MAAS_API_KEY = 'not-for-tools';
    const { stdout } = await run(['env'], { env: { MINE: '1' } });
    delete process.env.MAAS_API_KEY;
    expect(stdout).toContain('MINE=1');
    expect(stdout).toContain('PATH=');
    expect(stdout).not.toContain('MAAS_API_KEY');
  });

  it('writes a log without secrets', async () => {
    registerSecret('hunter2-hunter2');
    const logFile = join(dir, 'tool.log');
    await run(['echo', 'password hunter2-hunter2'], { logFile });
    expect(await readFile(logFile, 'utf8')).toBe('password ***\n');
  });

  it('ends the whole group at a time-out, a deaf child too', async () => {
    const file = join(dir, 'deaf.pid');
    const result = await run(
      [
        'sh',
        '-c',
        `trap '' INT; (trap '' INT; echo $BASHPID$$ >/dev/null; sleep 60) & echo $! > ${file}; wait`,
      ],
      {
        timeoutMs: 500,
        graceMs: 500,
      },
    );
    expect(result.timedOut).toBe(true);
    expect(await gone(await pidIn(file))).toBe(true);
  });

  it('shows the tail of what a failed tool said', async () => {
    await expect(runOk(['sh', '-c', 'echo because >&2; exit 7'])).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      detail: 'because',
    });
  });

  it('throws the reason of an abort', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 200);
    await expect(run(['sleep', '30'], { signal: abort.signal, graceMs: 300 })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});

describe('the guard', () => {
  it('passes output and the exit code on', async () => {
    const result = await run(['sh', '-c', 'echo out; echo err >&2; exit 9'], { guarded: true });
    expect(result).toMatchObject({ exitCode: 9, stdout: 'out\n', stderr: 'err\n' });
  });

  it('ends the tool and its children when we are killed by SIGKILL', async () => {
    const file = join(dir, 'orphan.pid');
    const module = join(import.meta.dirname, '../../../pipeline/host/process/run.ts');
    const parent = spawn(
      process.execPath,
      [
        '-e',
        `import(${JSON.stringify(module)}).then((m) => m.run(['sh', '-c', 'sleep 300 & echo $! > ${file}; wait'], { guarded: true, graceMs: 500 }))`,
      ],
      { stdio: 'ignore' },
    );
    const orphan = await pidIn(file);
    expect(alive(orphan)).toBe(true);
    parent.kill('SIGKILL');
    expect(await gone(orphan)).toBe(true);
  });
});
