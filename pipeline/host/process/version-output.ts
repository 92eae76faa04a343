import { statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { $, type ToolOptions } from './tool.ts';
import type { ToolResult } from './tool-fault.ts';

const known = new Map<string, Promise<ToolResult>>();

/**
 * The result of a tool that is asked for its version, such as `packer version`, whatever its exit code. A program on the PATH is asked
 * once in a process, since a night asks for each image and Packer alone takes 0.2 s; it is asked again when its file has changed.
 * @throws Fault TOOL_MISSING, INTERRUPTED
 */
export function versionOutput(
  argv: readonly [string, ...string[]],
  options: Pick<ToolOptions, 'reason' | 'signal' | 'env'> = {},
): Promise<ToolResult> {
  const ask = () => $({ ...options, nothrow: true })`${argv}`;
  const file = identityOf(argv[0]);
  if (file === undefined) return ask();
  const key = [file, ...argv].join('\0');
  const before = known.get(key);
  if (before) return before;
  const result = ask();
  known.set(key, result);
  // A failure, such as an interruption, is not what the next one asks for.
  result.catch(() => known.delete(key));
  return result;
}

/** The file that a name means on the PATH, and its state; undefined: there is none. */
function identityOf(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      const found = statSync(join(folder || '.', name), { throwIfNoEntry: false, bigint: true });
      if (found?.isFile()) return [folder, found.dev, found.ino, found.size, found.mtimeNs].join(' ');
    } catch {
      // A folder that cannot be entered: the next one, as execvp does.
    }
  }
  return undefined;
}
