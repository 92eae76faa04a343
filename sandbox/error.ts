/** Codes of the product's own faults, as which `dgxos-maas` reports these errors. */
export type SandboxErrorCode =
  | 'USAGE'
  | 'API_KEY_INVALID'
  | 'PORT_TAKEN'
  | 'WORKSPACE_LOCKED'
  | 'WORKSPACE_CORRUPT'
  | 'TAR_INVALID'
  | 'TERMINATED';

/** A mistake of whoever started the sandbox, or something on this host that it cannot use. */
export class SandboxError extends Error {
  readonly code: SandboxErrorCode;
  /** The remedy. */
  readonly hint: string | undefined;
  /** More lines, such as what a tool printed. */
  readonly detail: string | undefined;

  constructor(
    code: SandboxErrorCode,
    message: string,
    options: { hint?: string; detail?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SandboxError';
    this.code = code;
    this.hint = options.hint;
    this.detail = options.detail;
  }
}
