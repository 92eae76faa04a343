import { Fault } from '../../../pipeline/core/faults/fault.ts';

/** What the tools of the host answer; one that is not there is not installed. No process is started. */
export const tools = new Map<string, string>();

/** In the place of `run`. */
export async function answer([name = '']: readonly string[]) {
  const stdout = tools.get(name);
  if (stdout === undefined) throw new Fault('TOOL_MISSING', `${name} is not installed`);
  return { exitCode: 0, stdout, stderr: '' };
}
