import { CATALOGUE, type ExitCode, type FaultCode } from './catalogue.ts';
import { SYSTEM_CAUSES } from './system-causes.ts';

export type { FaultCode };

/** A place in a user's file; lines and columns count from 1. */
export interface Where {
  file: string;
  line: number;
  column: number;
}

export interface FaultOptions {
  /** The remedy: one sentence or a command. */
  hint?: string;
  where?: Where;
  /** More lines to show below the message: a log's tail, a list of findings. */
  detail?: string;
  cause?: unknown;
}

/** The one error class a user ever sees: a literal code, a message, a remedy and an exit code. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly hint: string | undefined;
  readonly where: Where | undefined;
  readonly detail: string | undefined;

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.hint = options.hint;
    this.where = options.where;
    this.detail = options.detail;
  }

  get exitCode(): ExitCode {
    return CATALOGUE[this.code];
  }

  /** The form `--json` and event logs carry. */
  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      where: this.where,
      detail: this.detail,
      exitCode: this.exitCode,
    };
  }
}

/**
 * An error of the system on a disk, a path, a permission or a limit as a fault; the only translation.
 * @param doing such as `reading FILE`, for the message
 */
export function fromSystemError(error: unknown, doing: string): Fault {
  if (error instanceof Fault) return error;
  const { code = '', path } = (error ?? {}) as NodeJS.ErrnoException;
  const text = error instanceof Error ? error.message : String(error);
  const known = SYSTEM_CAUSES.get(code);
  if (!known) return new Fault('INTERNAL', `Unexpected failure while ${doing}: ${text}`, { cause: error });
  // The path of the error, unless the message names it anyway.
  const at = path === undefined || doing.includes(path) ? '' : `: ${path}`;
  return new Fault(known.code, `${known.why} while ${doing}${at} (${code})`, {
    hint: known.hint,
    cause: error,
  });
}
