import { statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { identityOf } from '../files/identity.ts';
import { $, type ToolOptions } from './tool.ts';
import type { ToolResult } from './tool-fault.ts';
import { stateOf, VersionMemory } from './version-memory.ts';

const known = new Map<string, Promise<ToolResult>>();
let memory: VersionMemory | undefined;

/** From now on in this process answers are also those of earlier processes. @param path where they are kept */
export function rememberVersions(path: string): void {
  memory = new VersionMemory(path);
}

/**
 * The result of a tool that is asked for its version, such as `packer version`, whatever its exit code. A program on the PATH is asked
 * once, since a night asks for each image and Packer alone takes 0.2 s; it is asked again when its file has changed.
 * @throws Fault TOOL_MISSING, INTERRUPTED
 */
export function versionOutput(
  argv: readonly [string, ...string[]],
  options: Pick<ToolOptions, 'reason' | 'signal' | 'env'> = {},
): Promise<ToolResult> {
  const ask = () => $({ ...options, nothrow: true })`${argv}`;
  const program = programOf(argv[0]);
  if (program === undefined) return ask();
  const key = [program.path, program.state, ...argv].join('\0');
  const before = known.get(key);
  if (before) return before;
  const result = remembered(program.path, argv, ask);
  known.set(key, result);
  // A failure, such as an interruption, is not what the next one asks for.
  result.catch(() => known.delete(key));
  return result;
}

async function remembered(
  path: string,
  argv: readonly string[],
  ask: () => Promise<ToolResult>,
): Promise<ToolResult> {
  if (!memory) return ask();
  const answer = memory.recall(path, argv);
  if (answer) {
    const { exitCode, stdout, stderr } = answer;
    return { exitCode, signal: undefined, timedOut: false, stdout, stderr, seconds: 0 };
  }
  const state = stateOf(path);
  const result = await ask();
  if (result.signal === undefined) await memory.remember({ file: path, state, argv }, result);
  return result;
}

/** Milliseconds for which a name means the same file: a night asks for the same few tools for each image. */
const SAME_FILE_MS = 1000;
const found = new Map<string, { path: string; at: number }>();

interface Program {
  path: string;
  /** Of its file. */
  state: string;
}

/** The file that a name means on the PATH; undefined: there is none. */
function programOf(name: string): Program | undefined {
  const { PATH = '' } = process.env;
  const key = `${name}\0${PATH}`;
  const before = found.get(key);
  if (before && performance.now() - before.at < SAME_FILE_MS) {
    const same = programAt(before.path);
    if (same) return same;
  }
  for (const folder of PATH.split(delimiter)) {
    const program = programAt(join(folder || '.', name));
    if (!program) continue;
    found.set(key, { path: program.path, at: performance.now() });
    return program;
  }
  return undefined;
}

function programAt(path: string): Program | undefined {
  try {
    const file = statSync(path, { throwIfNoEntry: false, bigint: true });
    return file?.isFile() ? { path, state: identityOf(file) } : undefined;
  } catch {
    // A folder that cannot be entered: the next one, as execvp does.
    return undefined;
  }
}
