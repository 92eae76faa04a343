import { Fault } from '../../core/faults/fault.ts';
import { redact } from '../../core/secrets/registry.ts';
import { installHint } from './packages.ts';

/** The end of a tool. A non-zero exit code is a result, not an error. */
export interface ToolResult {
  /** 128 and more for one that a signal ended. */
  exitCode: number;
  signal: string | undefined;
  timedOut: boolean;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** The fault for a tool that is not installed, with the command that installs it. */
export function toolMissing(tool: string, reason?: string): Fault {
  return new Fault('TOOL_MISSING', `${tool} is not installed${reason ? `; it is needed to ${reason}` : ''}`, {
    hint: installHint(tool),
  });
}

/** The fault for a tool that failed, with the tail of what it said. */
export function toolFailed(tool: string, { exitCode, stdout, stderr }: ToolResult): Fault {
  const said = redact((stderr.trim() || stdout.trim()).split('\n').slice(-12).join('\n'));
  return new Fault('TOOL_FAILED', `${tool} ended with exit code ${exitCode}`, { detail: said });
}
