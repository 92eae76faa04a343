/**
 * Starts a tool of this host by its argv and waits for its end; a non-zero exit code is a result. Whoever starts the sandbox
 * hands it in, with its own care for signals, secrets and what is left running.
 * @throws for a tool that is not installed, and when `signal` was aborted
 */
export type RunTool = (
  argv: readonly [string, ...string[]],
  options?: {
    /** Added to the environment that tools have. */
    env?: Record<string, string>;
    signal?: AbortSignal;
    /** Milliseconds between the polite signal and SIGKILL. */
    graceMs?: number;
    /** Why the tool is needed. */
    reason?: string;
    /** Characters of stdout and stderr in the result. */
    keep?: number;
  },
) => Promise<{ exitCode: number; stdout: string; stderr: string }>;
