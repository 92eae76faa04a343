import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { redact } from '../../core/secrets/registry.ts';
import { installHint } from './packages.ts';

export { interrupted };

const GUARD = fileURLToPath(new URL('./guard.js', import.meta.url));

/** How a tool learns of the site's proxy. */
export const PROXY_VARIABLES = [
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
];

/** What a tool inherits of our environment; everything else (keys, tokens) stays with us. */
const ALLOWED_ENV = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'XDG_CACHE_HOME',
  'XDG_RUNTIME_DIR',
  'XDG_STATE_HOME',
  ...PROXY_VARIABLES,
];

export interface RunOptions {
  cwd?: string;
  /** Added to the allowed part of our own environment. */
  env?: Record<string, string>;
  input?: string | Buffer;
  /** Everything the tool prints is appended here, redacted. */
  logFile?: string;
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Milliseconds; the tool is ended then. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Run under the guard: the tool and all its children end even when we are killed by SIGKILL. Excludes `input`. */
  guarded?: boolean;
  /** Milliseconds between the polite signal and SIGKILL. */
  graceMs?: number;
  /** Why the tool is needed, for the message when it is missing. */
  reason?: string;
  /** Characters of stdout and stderr kept in the result. */
  keep?: number;
}

export interface RunResult {
  argv: readonly string[];
  exitCode: number;
  signal: string | undefined;
  timedOut: boolean;
  stdout: string;
  stderr: string;
  seconds: number;
}

/**
 * Runs a tool by an argv array, never by a shell, in a process group of its own. A non-zero exit code is a result,
 * not an error.
 * @throws Fault TOOL_MISSING when there is no such tool; INTERRUPTED when `signal` was aborted
 */
export async function run(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<RunResult> {
  const [command, ...args] = argv;
  const keep = options.keep ?? 1_000_000;
  const log = options.logFile ? createWriteStream(options.logFile, { flags: 'a' }) : undefined;
  const env: Record<string, string> = { LC_ALL: 'C.UTF-8' };
  for (const name of ALLOWED_ENV)
    if (process.env[name] !== undefined) env[name] = process.env[name] as string;
  Object.assign(env, options.env);
  if (options.guarded) env.DGXOS_MAAS_GUARD_GRACE_MS = String(options.graceMs ?? 8000);
  const started = performance.now();
  const child = execa(
    options.guarded ? process.execPath : command,
    options.guarded ? [GUARD, ...argv] : args,
    {
      cwd: options.cwd,
      env,
      extendEnv: false,
      detached: true,
      cleanup: true,
      reject: false,
      buffer: false,
      stdin: options.guarded ? 'pipe' : options.input === undefined ? 'ignore' : 'pipe',
      ...(options.input !== undefined && !options.guarded ? { input: options.input } : {}),
    } as const,
  );

  let ended = false;
  let timedOut = false;
  const killGroup = (signal: NodeJS.Signals) => {
    if (child.pid === undefined || ended) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // the group is gone already
    }
  };
  let grace: NodeJS.Timeout | undefined;
  const end = () => {
    killGroup('SIGINT');
    grace ??= setTimeout(() => killGroup('SIGKILL'), options.graceMs ?? 8000);
  };
  options.signal?.addEventListener('abort', end, { once: true });
  if (options.signal?.aborted) end();
  const timer = options.timeoutMs
    ? setTimeout(() => {
        timedOut = true;
        end();
      }, options.timeoutMs)
    : undefined;

  const kept = { stdout: '', stderr: '' };
  const follow = (stream: 'stdout' | 'stderr') => {
    const source = child[stream];
    if (!source) return Promise.resolve();
    let rest = '';
    source.setEncoding('utf8');
    source.on('data', (text: string) => {
      kept[stream] = (kept[stream] + text).slice(-keep);
      if (!options.onLine && !log) return;
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        log?.write(`${redact(line)}\n`);
        options.onLine?.(line, stream);
      }
    });
    return new Promise<void>((resolve) =>
      source.once('close', () => {
        if (rest) {
          log?.write(`${redact(rest)}\n`);
          options.onLine?.(rest, stream);
        }
        resolve();
      }),
    );
  };
  const streams = [follow('stdout'), follow('stderr')];
  const result = await child;
  ended = true;
  await Promise.all(streams);
  clearTimeout(timer);
  clearTimeout(grace);
  options.signal?.removeEventListener('abort', end);
  if (log) await new Promise<void>((resolve) => log.end(() => resolve()));

  if (options.signal?.aborted) throw interrupted(options.signal);
  if (result.code === 'ENOENT' || (options.guarded && result.exitCode === 127))
    throw toolMissing(command, options.reason);
  return {
    argv,
    exitCode: result.exitCode ?? (result.signal ? 128 : 1),
    signal: result.signal,
    timedOut,
    stdout: kept.stdout,
    stderr: kept.stderr,
    seconds: (performance.now() - started) / 1000,
  };
}

/**
 * Like `run`, and a non-zero exit code is a fault.
 * @throws Fault TOOL_FAILED with the tail of what the tool said
 */
export async function runOk(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await run(argv, options);
  if (result.exitCode !== 0) {
    const said = redact((result.stderr.trim() || result.stdout.trim()).split('\n').slice(-12).join('\n'));
    throw new Fault('TOOL_FAILED', `${argv[0]} ended with exit code ${result.exitCode}`, { detail: said });
  }
  return result;
}

/** The fault for a tool that is not installed, with the command that installs it. */
export function toolMissing(tool: string, reason?: string): Fault {
  return new Fault('TOOL_MISSING', `${tool} is not installed${reason ? `; it is needed to ${reason}` : ''}`, {
    hint: installHint(tool),
  });
}
