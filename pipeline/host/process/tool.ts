import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { interrupted } from '../../core/faults/interrupted.ts';
import { toolEnvironment } from './environment.ts';
import { GRACE_MS, Group } from './group.ts';
import { Tail } from './tail.ts';
import { type ToolResult, toolFailed, toolMissing } from './tool-fault.ts';
import { argvOf, carried } from './words.ts';

export const GUARD = fileURLToPath(new URL('./guard.js', import.meta.url));

export interface ToolOptions {
  cwd?: string;
  /** Added to the allowed part of our own environment. */
  env?: Record<string, string>;
  /** For its stdin, which is empty otherwise. */
  input?: string | Buffer;
  /** Milliseconds; the tool is ended then. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  /** A failure is a result too. */
  nothrow?: boolean;
  /** Bytes of stdout and of stderr that are kept: the last ones. */
  keep?: number;
  /** The tool and all its children end even when we are killed by SIGKILL, for what runs long enough. Excludes `input`. */
  guarded?: boolean;
  /** Milliseconds between the polite signal and SIGKILL. */
  graceMs?: number;
  /** Why the tool is needed, for the message when it is missing. */
  reason?: string;
}

type Word = string | number;
/** A command as zx writes it; a list becomes one argument for each of its words. */
export type Tool = (pieces: TemplateStringsArray, ...args: (Word | readonly Word[])[]) => Promise<ToolResult>;

/**
 * Runs a short tool by zx: $({ signal })`unsquashfs -o ${offset} -l ${file}`. There is no shell: the words between blanks, and each
 * argument as it is, are the argv. It has a process group of its own, a short list of environment variables, and nothing of it is
 * printed. What runs long is for `supervise`.
 * @throws Fault TOOL_MISSING, TOOL_FAILED (unless `nothrow`), INTERRUPTED when `signal` was aborted
 */
export function $(options: ToolOptions = {}): Tool {
  return async (pieces, ...args) => {
    // Loaded when the first tool is started: many commands need none.
    const zx = await import('zx/core');
    const { signal, guarded = false, graceMs = GRACE_MS, input, keep = 1_000_000 } = options;
    if (signal?.aborted) throw interrupted(signal);
    const store = { stdout: new Tail(keep), stderr: new Tail(keep), stdall: new Tail(0) };
    const env = toolEnvironment(options.env);
    if (guarded) env.DGXOS_MAAS_GUARD_GRACE_MS = String(graceMs);
    const started = performance.now();
    let command = '';
    let group: Group | undefined;
    let failure: Promise<string> | undefined;
    const start = (line: string, _: readonly string[], given: object): ChildProcess => {
      const argv = argvOf(line);
      command = argv[0] ?? '';
      const [file, ...rest] = guarded ? [process.execPath, GUARD, ...argv] : argv;
      const child = spawn(file ?? '', rest, { ...given, shell: false, signal: undefined });
      // A tool that does not read its input to the end is judged by how it ends.
      child.stdin?.on('error', () => {});
      group = new Group(child, graceMs);
      failure = guarded ? startFailure(child) : undefined;
      return child;
    };
    const hasInput = input !== undefined && input.length > 0;
    let timedOut = false;
    const end = () => group?.end();
    const run = zx.$({
      // Everything that ZX_* in the environment could set is set here.
      cwd: options.cwd ?? process.cwd(),
      env,
      detached: true,
      stdio: [
        hasInput || guarded ? 'pipe' : 'ignore',
        'pipe',
        'pipe',
        ...(guarded ? (['pipe'] as const) : []),
      ],
      ...(hasInput ? { input } : {}),
      prefix: '',
      postfix: '',
      preferLocal: false,
      timeout: 0,
      verbose: false,
      quiet: true,
      nothrow: true,
      shell: true,
      quote: carried,
      log: () => {},
      store: store as never,
      spawn: start as never,
    })(pieces, ...(args as string[]));
    // zx ends one process and asks politely; a tool is its whole group.
    signal?.addEventListener('abort', end, { once: true });
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            end();
          }, options.timeoutMs);
    const output = await run.finally(() => {
      clearTimeout(timer);
      group?.gone();
      signal?.removeEventListener('abort', end);
    });
    if (signal?.aborted) throw interrupted(signal);
    const { code } = (output.cause ?? {}) as NodeJS.ErrnoException;
    if (code === 'ENOENT' || (await failure) === 'ENOENT') throw toolMissing(command, options.reason);
    if (output.cause && code === undefined) throw output.cause;
    const result = {
      exitCode: output.exitCode ?? (output.signal ? 128 : 1),
      signal: output.signal ?? undefined,
      timedOut,
      stdout: store.stdout.text(),
      stderr: store.stderr.text(),
      seconds: (performance.now() - started) / 1000,
    };
    if (result.exitCode !== 0 && !options.nothrow) throw toolFailed(command, result);
    return result;
  };
}

/** The error for which the guard could not start its tool, such as ENOENT; '' when it could. */
function startFailure(child: ChildProcess): Promise<string> {
  let said = '';
  const pipe = child.stdio[3] as NodeJS.ReadableStream | null | undefined;
  if (!pipe) return Promise.resolve('');
  pipe.setEncoding('utf8');
  pipe.on('data', (text: string) => (said += text));
  return new Promise((resolve) => {
    for (const event of ['close', 'error']) pipe.on(event, () => resolve(said));
  });
}
