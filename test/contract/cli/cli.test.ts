import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const CLI = join(import.meta.dirname, '../../../bin/dgxos-maas.js');

/** Runs the real command line in an empty folder. */
function cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const cwd = mkdtempSync(join(tmpdir(), 'cli-'));
  const env = { ...process.env, NO_COLOR: '1' };
  for (const name of Object.keys(env))
    if (/^(MAAS_|DGXOS_)/.test(name)) delete (env as NodeJS.ProcessEnv)[name];
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr });
    });
  });
}

describe('the command line', () => {
  it('shows the way from ISO to MAAS and the exit codes in its help', async () => {
    const { code, stdout, stderr } = await cli('--help');
    expect([code, stderr]).toEqual([0, '']);
    for (const word of ['init', 'build', 'run', 'upload', 'validate', 'doctor', 'sandbox', 'Exit codes'])
      expect(stdout).toContain(word);
  });

  it.each([
    [['rnu', 'x'], 'run'],
    [['run', 'x', '--frobnicate'], 'unknown option'],
    [['run'], 'missing required argument'],
    [['run', 'x', '--force', 'pakc'], 'Allowed choices are'],
    [['build', 'x', '--force', 'upload'], 'comes after the last stage'],
  ])('%j is a usage error', async (args, said) => {
    const { code, stdout, stderr } = await cli(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('says what to do where there is no configuration', async () => {
    const { code, stderr } = await cli('run', 'dgx1');
    expect(code).toBe(3);
    expect(stderr).toContain('dgxos-maas init');
  });

  it('writes a fault as one JSON object with --json', async () => {
    const { code, stdout } = await cli('--json', 'run', 'dgx1');
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: { code: expect.any(String), exitCode: code },
    });
  });

  it.each([
    [['rnu', 'x', '--json'], "unknown command 'rnu'"],
    [['--json', 'run', 'x', '--frobnicate'], "unknown option '--frobnicate'"],
  ])('%j: also a line that was not understood is one JSON object', async (args, said) => {
    const { code, stdout } = await cli(...args);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'USAGE', exitCode: 2 } });
    expect(JSON.parse(stdout).error.message).toContain(said);
  });

  it('an events file that cannot be is a usage error', async () => {
    const { code, stderr } = await cli('--events', 'nowhere/events.json', 'checks');
    expect([code, stderr]).toEqual([2, expect.stringContaining('--events nowhere/events.json')]);
  });

  it('knows its version', async () => {
    expect((await cli('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
