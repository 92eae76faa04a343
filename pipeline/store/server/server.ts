import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { type HttpAnswer, HttpClient, type HttpRequest } from '../../host/http/client.ts';
import { HttpError } from '../../host/http/http-error.ts';
import { retryAfterS } from '../../host/http/retry-budget.ts';
import type { Content } from '../store.ts';
import type { Dialect, Explained } from './dialect.ts';

/** Milliseconds without a byte, and of a server that does not answer. */
const STALL_MS = 30_000;
export const ANSWER_MS = 20_000;
/** A server may have to copy a large file before it answers. */
export const STORED_MS = 600_000;
/** Bytes of an answer that is read for its connection or its reason. */
const LARGEST_REST = 64 << 10;

export interface ServerOptions {
  signal: AbortSignal;
  caCert: string | null;
  stallMs?: number;
}

export interface Question {
  method?: NonNullable<HttpRequest['method']>;
  headers?: Record<string, string>;
  content?: Content & { type?: string };
  answerMs?: number;
}

/** The server was reached and broke off, or asks for patience. */
class Busy extends Fault {
  readonly retryAfterS: number | undefined;
  constructor(message: string, retryAfterS?: number) {
    super('STORE_UNREACHABLE', message);
    this.retryAfterS = retryAfterS;
  }
}

/** The server of a store: requests with the credentials of a dialect, and every failure as a Fault. */
export class Server {
  readonly dialect: Dialect;
  readonly signal: AbortSignal;
  readonly #http: HttpClient;

  constructor(dialect: Dialect, { signal, caCert, stallMs = STALL_MS }: ServerOptions) {
    this.dialect = dialect;
    this.signal = signal;
    this.#http = new HttpClient({ signal, stallMs, caCert });
  }

  /** Asks once. @throws Fault STORE_UNREACHABLE, STORE_REFUSED; errors of the content */
  async ask(url: URL, { method = 'GET', headers = {}, content, answerMs }: Question): Promise<HttpAnswer> {
    const { dialect } = this;
    const signed = dialect.credentials({ method, url, headers, sha256: content?.sha256 });
    try {
      return await this.#http.send({
        ...{ method, url, headers: { ...headers, ...signed }, redirects: dialect.redirects },
        ...(answerMs === undefined ? {} : { answerMs }),
        ...(content
          ? {
              body: {
                type: content.type ?? 'application/octet-stream',
                length: content.size,
                bytes: content.bytes,
              },
            }
          : {}),
      });
    } catch (error) {
      throw this.#failure(error, url);
    }
  }

  /** The bytes of an answer, once; an interrupted transfer is a Fault. */
  async *bytes(answer: HttpAnswer, url: URL): AsyncGenerator<Buffer> {
    try {
      yield* answer.body;
    } catch (error) {
      throw this.#failure(error, url);
    }
  }

  /** Takes an answer without its body, so that its connection is used again. */
  async finish(answer: HttpAnswer): Promise<void> {
    await answer.text(LARGEST_REST).catch(() => answer.discard());
  }

  /** Whether a file is not there. @throws Fault where more is missing than the file */
  async isMissing(doing: string, answer: HttpAnswer): Promise<boolean> {
    if (answer.status !== 404 && answer.status !== 410) return false;
    const explained = await this.#explained(answer);
    if (explained.everything) throw this.#fault(doing, answer, explained);
    return true;
  }

  /** The Fault of an answer that is not the one asked for. @param doing such as `reading KEY` */
  async refusal(doing: string, answer: HttpAnswer): Promise<Fault> {
    return this.#fault(doing, answer, await this.#explained(answer));
  }

  async #explained(answer: HttpAnswer): Promise<Explained> {
    const written = await answer.text(LARGEST_REST).catch(() => '');
    answer.discard();
    if (this.signal.aborted) throw interrupted(this.signal);
    return this.dialect.explain(answer, written);
  }

  #fault(doing: string, { status, statusText, headers }: HttpAnswer, explained: Explained): Fault {
    const { name, temporary, full, hint } = explained;
    const answered = `${status} ${name ?? statusText}`.trim();
    const message = `${this.dialect.place}: the server answered ${answered} for ${doing}`;
    const passes = status === 429 || status === 408 || (status >= 500 && status !== 501 && status !== 507);
    if (temporary ?? (passes && !full)) return new Busy(message, retryAfterS(headers.get('retry-after')));
    return new Fault(full || status === 507 ? 'DISK_FULL' : 'STORE_REFUSED', message, {
      hint: hint ?? HINTS[status] ?? 'Check `store:`.',
    });
  }

  close(): void {
    this.#http.close();
  }

  #failure(error: unknown, { origin }: URL): unknown {
    if (this.signal.aborted) return interrupted(this.signal);
    if (!(error instanceof HttpError)) return error;
    const { place } = this.dialect;
    const shown = place.startsWith(origin) ? place : `${place} (${origin})`;
    if (error.certificate || error.kind === 'redirect')
      return new Fault('STORE_REFUSED', `${shown}: ${error.message}`, {
        hint: error.certificate
          ? 'Set `store.ca_cert` to the CA that signed its certificate.'
          : 'Correct `store:`.',
        cause: error,
      });
    return new Busy(`${shown} cannot be reached (${error.brief})`);
  }
}

const HINTS: Readonly<Record<number, string>> = {
  401: 'Set DGXOS_MAAS_STORE_TOKEN or `store.token`, and `store.user` where the server takes user and password.',
  403: 'Give this user access, or set `store.read_only: true` where it may not put.',
  405: 'Allow PUT below this URL (nginx: dav_methods PUT DELETE), or set `store.read_only: true`.',
  409: 'Let the server create folders (nginx: create_full_put_path on).',
  413: 'Allow larger files (nginx: client_max_body_size 0).',
  507: 'Free some space on the server.',
};
