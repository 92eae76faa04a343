import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { registerSecret } from '../../../pipeline/core/secrets/registry.ts';
import { $ } from '../../../pipeline/host/process/tool.ts';
import fc from '../../property.ts';
import { alive, gone, pidIn } from './processes.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tool-'));
});
afterAll(() => rm(dir, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const script = (text: string) => ['sh', '-c', text];

describe('arguments', () => {
  /** The arguments that a real program receives, unchanged. */
  const given = async (words: readonly string[]) => {
    const { stdout } = await $()`/usr/bin/printf ${'%s\\0'} ${words}`;
    return stdout.split('\0').slice(0, -1);
  };

  it('are what they are, whatever a shell would make of them', async () => {
    const odd = [
      '',
      ' ',
      'a b',
      "it's",
      '"',
      '$HOME',
      '$(id)',
      '`id`',
      '*',
      '~',
      '\\',
      '\n',
      'a\nb\t',
      ';',
      '|',
      '&&',
      '-n',
    ];
    const more = [
      '#',
      '!x',
      '{a,b}',
      "$'\\x41'",
      '\x01',
      '\x7f',
      'ü',
      '🙂',
      '%s',
      '=x',
      "'",
      "''",
      '\\\n',
      '\r\n',
      '>x',
    ];
    expect(await given([...odd, ...more])).toEqual([...odd, ...more]);
  });

  it('are those of any text without a NUL', async () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary-ascii' }),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom(...'\\\'"`$ \n\t*;&|<>(){}[]!#~=%-\x01\x1b') }),
    );
    const words = fc.array(
      word.filter((text) => !text.includes('\0')),
      { minLength: 1, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(words, async (list) => {
        expect(await given(list)).toEqual(list);
      }),
      { numRuns: 60 },
    );
  });

  it('may stand within a word of the template, and lists may be empty', async () => {
    const odd = "a 'b' $c";
    const { stdout } = await $()`/usr/bin/printf ${'<%s>'} --x=${odd} ${[]} ${odd}${odd}/y   ${7}
      last`;
    expect(stdout).toBe(`<--x=${odd}><${odd}${odd}/y><7><last>`);
  });

  it('with a NUL are refused before anything is started', async () => {
    await expect($()`echo ${'a\0b'}`).rejects.toThrow('NUL');
    await expect($()`echo ${['a', '\0']}`).rejects.toThrow('NUL');
  });

  it('are not read by a shell, though ZX_ variables name one', async () => {
    for (const [name, value] of [
      ['ZX_SHELL', '/bin/false'],
      ['ZX_PREFIX', 'exit 3;'],
      ['ZX_POSTFIX', '; exit 3'],
      ['ZX_VERBOSE', 'true'],
      ['ZX_DETACHED', 'false'],
      ['ZX_TIMEOUT', '1'],
      ['ZX_CWD', '/'],
    ])
      vi.stubEnv(name!, value!);
    const module = join(import.meta.dirname, '../../../pipeline/host/process/tool.ts');
    const text = `import(${JSON.stringify(module)}).then(async ({ $ }) => {
      const { stdout } = await $()\`sh -c \${'sleep 0.1; pwd; echo "$0"'} \${'$HOME'}\`;
      process.stdout.write(JSON.stringify(stdout));
    })`;
    const { stdout, stderr } = await $({
      cwd: dir,
      env: { ...(process.env as Record<string, string>) },
    })`${process.execPath} -e ${text}`;
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toBe(`${dir}\n$HOME\n`);
  });
});

describe('the output of a tool', () => {
  it('is the exit code and both streams', async () => {
    const result = await $({ nothrow: true })`${script('echo one; echo two >&2; printf three; exit 3')}`;
    expect(result).toMatchObject({ exitCode: 3, stdout: 'one\nthree', stderr: 'two\n', timedOut: false });
  });

  it('is a fault with the tail of what a failed tool said, without secrets', async () => {
    registerSecret('hunter2-hunter2');
    const said = vi.spyOn(process.stderr, 'write');
    await expect($()`${script('echo because hunter2-hunter2 >&2; exit 7')}`).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: 'sh ended with exit code 7',
      detail: 'because ***',
    });
    expect(said).not.toHaveBeenCalled();
  });

  it.each([[{}], [{ guarded: true }]])('names the package that brings a missing tool %j', async (how) => {
    vi.stubEnv('PATH', '/nonexistent');
    await expect($({ ...how, reason: 'build the image' })`packer version`).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      exitCode: 4,
      message: expect.stringContaining('build the image'),
      hint: expect.stringContaining('apt-get install packer'),
    });
  });

  it('is not a missing tool when a tool itself ends with 127', async () => {
    for (const guarded of [false, true])
      expect(await $({ guarded, nothrow: true })`${script('exit 127')}`).toMatchObject({ exitCode: 127 });
  });

  it('has the last bytes only, in whole characters, and bounded memory', async () => {
    const { stdout } = await $({ keep: 10 })`${script('printf "0123456789abcü"')}`;
    expect(stdout).toBe('56789abcü');
    const before = process.memoryUsage().rss;
    const flood = await $({ keep: 1000 })`head -c 300000000 /dev/zero`;
    expect(flood.stdout).toHaveLength(1000);
    expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
  });

  it('has characters whole that come in two pieces', async () => {
    const { stdout } = await $()`${script("printf '\\303'; sleep 0.2; printf '\\274'")}`;
    expect(stdout).toBe('ü');
  });

  it('takes an input, also of nothing, and one that the tool does not read', async () => {
    expect((await $({ input: 'a\nb' })`cat`).stdout).toBe('a\nb');
    expect((await $({ input: '' })`cat`).stdout).toBe('');
    expect((await $()`cat`).stdout).toBe('');
    expect((await $({ input: Buffer.alloc(5_000_000) })`true`).exitCode).toBe(0);
  });

  it('keeps our environment from the tool, but for an allowed part', async () => {
    vi.stubEnv('MAAS_API_KEY', 'not-for-tools');
    const { stdout } = await $({ env: { MINE: '1' } })`env`;
    expect(stdout).toContain('MINE=1');
    expect(stdout).toContain('PATH=');
    expect(stdout).not.toContain('MAAS_API_KEY');
  });

  it('comes for many at once', async () => {
    const all = await Promise.all(Array.from({ length: 30 }, (_, i) => $()`echo ${i}`));
    expect(all.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 30 }, (_, i) => `${i}\n`));
  });
});

describe('the end', () => {
  const deaf = (file: string) =>
    script(`trap '' INT TERM; (trap '' INT TERM; sleep 60) & echo $! > ${file}; wait; sleep 60`);

  it.each([[{}], [{ guarded: true }]])(
    'of the whole group comes within a second of a signal, deaf ones too %j',
    async (how) => {
      const file = join(dir, `deaf-${JSON.stringify(how).length}.pid`);
      const abort = new AbortController();
      const running = $({ ...how, signal: abort.signal })`${deaf(file)}`.catch((error) => error);
      const pid = await pidIn(file);
      const from = performance.now();
      abort.abort();
      expect(await running).toMatchObject({ code: 'INTERRUPTED' });
      expect(performance.now() - from).toBeLessThan(10_000);
      expect(await gone(pid, 2)).toBe(true);
    },
  );

  it('comes to a deaf child too where the tool itself obeyed', async () => {
    const file = join(dir, 'child.pid');
    const child = `(trap '' INT TERM; exec sleep 60 </dev/null >/dev/null 2>&1) & echo $! > ${file}; wait`;
    const abort = new AbortController();
    const running = $({ signal: abort.signal, graceMs: 60_000 })`${script(`trap 'exit 0' INT; ${child}`)}`;
    const ended = running.catch((error) => error);
    const pid = await pidIn(file);
    abort.abort();
    expect(await ended).toMatchObject({ code: 'INTERRUPTED' });
    expect(await gone(pid, 5)).toBe(true);
  });

  it('comes at a time-out', async () => {
    const file = join(dir, 'timeout.pid');
    const result = await $({ timeoutMs: 400, nothrow: true })`${deaf(file)}`;
    expect(result).toMatchObject({ timedOut: true });
    expect(result.exitCode).not.toBe(0);
    expect(await gone(await pidIn(file), 2)).toBe(true);
  });

  it('comes though a child that left the group holds the pipes open', async () => {
    const file = join(dir, 'left.pid');
    const line = `setsid sleep 60 & echo $! > ${file}; wait`;
    const result = await $({ timeoutMs: 300, nothrow: true })`${script(line)}`;
    expect(result.timedOut).toBe(true);
    process.kill(await pidIn(file), 'SIGKILL');
  });

  it('is at once for a signal that was given before', async () => {
    await expect($({ signal: AbortSignal.abort() })`touch ${join(dir, 'never')}`).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    expect((await $({ nothrow: true })`ls ${join(dir, 'never')}`).exitCode).not.toBe(0);
  });

  it('of a guarded tool and its children comes when we are killed by SIGKILL', async () => {
    const file = join(dir, 'orphan.pid');
    const module = join(import.meta.dirname, '../../../pipeline/host/process/tool.ts');
    const text = `import(${JSON.stringify(module)}).then(({ $ }) => $({ guarded: true })\`sh -c \${'sleep 300 & echo $! > ${file}; wait'}\`)`;
    const parent = spawn(process.execPath, ['-e', text], { stdio: 'ignore' });
    const orphan = await pidIn(file);
    expect(alive(orphan)).toBe(true);
    parent.kill('SIGKILL');
    expect(await gone(orphan)).toBe(true);
  });
});
