import { ProcessOutput } from 'zx';

/** Ends a script with a message. */
export function fail(script: string, message: string, code = 1): never {
  process.stderr.write(`${script}: ${message}\n`);
  process.exit(code);
}

/** The frame of a script that makes files. A signal ends it as such, and a tool that failed is named by its last lines. */
export async function made<T>(script: string, make: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let signalled = 0;
  for (const [name, number] of Object.entries({ SIGINT: 2, SIGTERM: 15 }))
    process.once(name, () => {
      signalled = number;
      abort.abort();
    });
  try {
    return await make(abort.signal);
  } catch (error) {
    if (signalled) process.exit(128 + signalled);
    // The last lines of a tool say more than our stack trace.
    if (error instanceof ProcessOutput)
      fail(
        script,
        `a tool ended with exit code ${error.exitCode}:\n${error.stderr.trim().split('\n').slice(-15).join('\n')}`,
      );
    const { code, message } = error as NodeJS.ErrnoException;
    if (code && ['ENOENT', 'ENOSPC', 'EACCES', 'EROFS', 'ENOTDIR'].includes(code)) fail(script, message);
    throw error;
  }
}
