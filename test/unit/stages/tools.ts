import { Fault } from '../../../pipeline/core/faults/fault.ts';

/** Stand-ins for the host's tools: each gives its answer here, or is not installed. No process is started. */
export const tools = new Map<string, string>();

/** In the place of `$`. */
export function answer() {
  return async (pieces: readonly string[], ...args: (string | readonly string[])[]) => {
    const [name = ''] = (pieces[0]?.trim() || String([args[0]].flat()[0])).split(' ');
    const stdout = tools.get(name);
    if (stdout === undefined) throw new Fault('TOOL_MISSING', `${name} is not installed`);
    return { exitCode: 0, stdout, stderr: '' };
  };
}

/** In the place of `versionOutput`, which asks a file once: these answers change. */
export const answerOfVersion = (argv: readonly string[]) => answer()([''], argv);
