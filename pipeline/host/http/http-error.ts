import { redact } from '../../core/secrets/registry.ts';

/** Why there is no whole answer. Its message names no URL, whose query may be a secret; whoever asked says which it was. */
export class HttpError extends Error {
  /** `network`: the connection, see `code`; `stalled`: no byte for too long; `redirect`: one that is not followed. */
  readonly kind: 'network' | 'stalled' | 'redirect' | 'too-large';
  /** Of the system, TLS or zlib, such as ECONNRESET; '' where there is none. */
  readonly code: string;

  constructor(kind: HttpError['kind'], message: string, options: { code?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'HttpError';
    this.kind = kind;
    this.code = options.code ?? '';
  }

  /** The short form: the code, else the message. */
  get brief(): string {
    return this.code || this.message;
  }

  /** The server's certificate is not one to trust. */
  get certificate(): boolean {
    return /^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)/.test(
      this.code,
    );
  }
}

/**
 * An error of the libraries below as ours; a mistake of the program stays what it is, and is not taken for the network.
 * @param certain it comes from the connection, whether it has a code or not
 */
export function networkError(error: unknown, certain = false): unknown {
  if (!(error instanceof Error) || error instanceof HttpError) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === '' && !certain) return error;
  const reason = error.message.replace(/^request to \S+ failed, reason: /, '');
  return new HttpError('network', redact(reason), { code, cause: error });
}
