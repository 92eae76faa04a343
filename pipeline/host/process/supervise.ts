import { createWriteStream } from 'node:fs';
import { execa } from 'execa';
import { interrupted } from '../../core/faults/interrupted.ts';
import { redact } from '../../core/secrets/registry.ts';
import { toolEnvironment } from './environment.ts';
import { GUARD } from './tool.ts';
import { type ToolResult, toolMissing } from './tool-fault.ts';

export interface SuperviseOptions {
  cwd?: string;
  /** Added to the allowed part of our own environment. */
  env?: Record<string, string>;
  /** Everything the tool prints is appended here, redacted. */
  logFile?: string;
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Milliseconds; the tool is ended then. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  /** Whether the tool has children, which end with it then, and end even when we are killed by SIGKILL. */
  guarded: boolean;
  /** Milliseconds between the polite signal and SIGKILL. */
  graceMs?: number;
  /** Why the tool is needed, for the message when it is missing. */
  reason?: string;
  /** Characters of stdout and stderr that are kept: the last ones. */
  keep?: number;
}

// The guard ends the group after its grace, and is ended itself only when it fails at that.
const GUARD_MS = 2000;

/**
 * Runs a tool that takes its time (Packer, QEMU, ssh) by execa, with its lines as they come; argv and environment as for `$`.
 * However it ends is a result.
 * @throws Fault TOOL_MISSING when there is no such tool; INTERRUPTED when `signal` was aborted
 */
export async function supervise(
  argv: readonly [string, ...string[]],
  options: SuperviseOptions,
): Promise<ToolResult> {
  const { guarded, signal, graceMs = 8000, keep = 1_000_000 } = options;
  const env = toolEnvironment(options.env);
  if (guarded) env.DGXOS_MAAS_GUARD_GRACE_MS = String(graceMs);
  const [command, ...args] = argv;
  const child = execa(guarded ? process.execPath : command, guarded ? [GUARD, ...argv] : args, {
    cwd: options.cwd,
    env,
    extendEnv: false,
    // A group of its own: Ctrl-C is for us, and we decide what it means.
    detached: true,
    stdio: [guarded ? 'pipe' : 'ignore', 'pipe', 'pipe', guarded ? 'pipe' : 'ignore'],
    buffer: { stdout: false, stderr: false, fd3: true },
    reject: false,
    timeout: options.timeoutMs ?? 0,
    ...(signal ? { cancelSignal: signal } : {}),
    killSignal: 'SIGINT',
    forceKillAfterDelay: guarded ? graceMs + GUARD_MS : graceMs,
  });
  const log = options.logFile ? createWriteStream(options.logFile, { flags: 'a' }) : undefined;
  // A log on a full disk ends early; what the tool does is its own result.
  log?.on('error', () => {});
  const kept = { stdout: '', stderr: '' };
  const follow = async (stream: 'stdout' | 'stderr') => {
    for await (const text of child.iterable({ from: stream, preserveNewlines: true })) {
      kept[stream] = (kept[stream] + text).slice(-keep);
      const line = text.replace(/\n$/, '');
      log?.write(`${redact(line)}\n`);
      options.onLine?.(line, stream);
    }
  };
  const [result] = await Promise.all([child, follow('stdout'), follow('stderr')]);
  if (log) await new Promise<void>((resolve) => log.end(resolve));
  if (signal?.aborted) throw interrupted(signal);
  if (result.code === 'ENOENT' || result.stdio[3] === 'ENOENT') throw toolMissing(command, options.reason);
  return {
    exitCode: result.exitCode ?? (result.signal ? 128 : 1),
    signal: result.signal,
    timedOut: result.timedOut,
    ...kept,
    seconds: result.durationMs / 1000,
  };
}

/**
 * Runs a tool with which somebody at the terminal speaks: stdin, stdout and stderr are ours. However it ends is a result.
 * @throws Fault TOOL_MISSING; INTERRUPTED when `signal` was aborted
 */
export async function interact(
  argv: readonly [string, ...string[]],
  { signal, reason }: { signal: AbortSignal; reason: string },
): Promise<void> {
  const [command, ...args] = argv;
  const result = await execa(command, args, {
    env: toolEnvironment({ TERM: process.env.TERM ?? 'dumb' }),
    extendEnv: false,
    stdio: 'inherit',
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: 2000,
  });
  if (signal.aborted) throw interrupted(signal);
  if (result.code === 'ENOENT') throw toolMissing(command, reason);
}
