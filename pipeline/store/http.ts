import { Fault } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { type HttpAnswer, HttpClient, type HttpRequest } from '../host/http/client.ts';
import { HttpError } from '../host/http/http-error.ts';
import { readRange } from '../host/http/range.ts';
import { retryAfterS } from '../host/http/retry-budget.ts';
import { bareUrl, registerQuery } from '../host/http/url.ts';
import { DEEPEST, LARGEST_LISTING, parseListing, STORE_FOLDERS } from './listing.ts';
import { allBytes, type Content, type Listed, type Reading, type Store } from './store.ts';

/** Milliseconds without a byte, and of a server that does not answer. */
const STALL_MS = 30_000;
const ANSWER_MS = 20_000;
/** A server may have to copy a large file before it answers. */
const STORED_MS = 600_000;
const REDIRECTS = 5;

export interface HttpStoreOptions {
  signal: AbortSignal;
  /** The value of the header Authorization, or null. */
  authorization: string | null;
  caCert: string | null;
  stallMs?: number;
}

/** The server was reached and broke off, or asks for patience. */
class Busy extends Fault {
  readonly retryAfterS: number | undefined;
  constructor(message: string, retryAfterS?: number) {
    super('STORE_UNREACHABLE', message);
    this.retryAfterS = retryAfterS;
  }
}

/**
 * A store below a URL to which files can be PUT: nginx with DAV, and others that answer alike. A PUT has `If-None-Match: *`, so that
 * a server that knows it (RFC 9110, 13.1.2) keeps the file that is there; nginx replaces it, by an equal one.
 */
export class HttpStore implements Store {
  readonly place: string;
  readonly #base: URL;
  readonly #headers: Record<string, string>;
  readonly #http: HttpClient;
  readonly #signal: AbortSignal;

  constructor(url: string, { signal, authorization, caCert, stallMs = STALL_MS }: HttpStoreOptions) {
    const { url: bare, shown, authorization: ofUrl } = bareUrl(new URL(url));
    registerQuery(bare);
    this.place = shown;
    this.#base = bare;
    const header = authorization ?? ofUrl;
    this.#headers = header ? { Authorization: header } : {};
    this.#signal = signal;
    this.#http = new HttpClient({ signal, stallMs, caCert });
  }

  async size(key: string): Promise<number | undefined> {
    const answer = await this.#ask(key, { method: 'HEAD', answerMs: ANSWER_MS });
    answer.discard();
    if (this.#isMissing(answer)) return undefined;
    if (answer.status !== 200) throw this.#refusal('looking for', key, answer);
    const length = answer.headers.get('content-length');
    // Unknown: as if it were of another size.
    return length !== null && /^\d+$/.test(length) ? Number(length) : -1;
  }

  async read(key: string, from: number): Promise<Reading | undefined> {
    const headers: Record<string, string> = from > 0 ? { Range: `bytes=${from}-` } : {};
    const answer = await this.#ask(key, { headers, redirects: REDIRECTS });
    const reading = (start: number, total: number | undefined): Reading => ({
      ...{ from: start, total, bytes: this.#bytes(answer) },
      discard: async () => answer.discard(),
    });
    const found = readRange(answer, from, undefined);
    if (found?.part === 'whole') return reading(0, found.total);
    if (found?.part === 'rest') return reading(from, found.total);
    answer.discard();
    // Another file than the one that is known so far: from its beginning it can be judged.
    if (found && from > 0) return this.read(key, 0);
    if (this.#isMissing(answer)) return undefined;
    throw this.#refusal('reading', key, answer);
  }

  async put(key: string, { size, bytes }: Content, replace: boolean): Promise<'put' | 'there'> {
    const answer = await this.#ask(key, {
      method: 'PUT',
      headers: replace ? {} : { 'If-None-Match': '*' },
      body: { type: 'application/octet-stream', length: size, bytes },
      answerMs: STORED_MS,
    });
    answer.discard();
    const { status } = answer;
    if (status >= 200 && status < 300) return 'put';
    if (status === 412) return 'there';
    // Somebody else puts it at this moment (S3); or a folder is missing (nginx).
    if (status === 409 && (await this.size(key)) === size) return 'there';
    throw this.#refusal('putting', key, answer);
  }

  async *list(below?: string): AsyncGenerator<Listed> {
    for (const folder of below === undefined ? STORE_FOLDERS : [below]) yield* this.#listed(folder, DEEPEST);
  }

  async remove(key: string): Promise<void> {
    const answer = await this.#ask(key, { method: 'DELETE', answerMs: ANSWER_MS });
    answer.discard();
    if (answer.status >= 300 && !this.#isMissing(answer)) throw this.#refusal('deleting', key, answer);
  }

  close(): void {
    this.#http.close();
  }

  /** @throws Fault STORE_REFUSED where the server does not list its folders in a form that is known */
  async *#listed(folder: string, deeper: number): AsyncGenerator<Listed> {
    const answer = await this.#ask(`${folder}/`, { redirects: REDIRECTS });
    if (this.#isMissing(answer)) return answer.discard();
    if (answer.status === 401 || answer.status === 429 || answer.status >= 500) {
      answer.discard();
      throw this.#refusal('listing', folder, answer);
    }
    const entries =
      answer.status === 200
        ? parseListing((await allBytes(folder, this.#bytes(answer), LARGEST_LISTING)).toString('utf8'))
        : answer.discard();
    if (!entries)
      throw new Fault('STORE_REFUSED', `${this.place}: the server does not list its folders as JSON`, {
        hint: 'Let it list them (nginx: autoindex on; autoindex_format json), or run this on the server: DGXOS_MAAS_STORE=/srv/store',
      });
    for (const { name, folder: isFolder, size, changedMs } of entries) {
      const key = `${folder}/${name}`;
      if (!isFolder) yield { key, size, changedMs };
      else if (deeper > 1) yield* this.#listed(key, deeper - 1);
    }
  }

  #isMissing({ status }: HttpAnswer): boolean {
    return status === 404 || status === 410;
  }

  async #ask(key: string, request: Omit<HttpRequest, 'url'>): Promise<HttpAnswer> {
    const url = new URL(this.#base);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/${key}`;
    try {
      return await this.#http.send({ ...request, url, headers: { ...this.#headers, ...request.headers } });
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async *#bytes(answer: HttpAnswer): AsyncGenerator<Buffer> {
    try {
      yield* answer.body;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): unknown {
    if (this.#signal.aborted) return interrupted(this.#signal);
    if (!(error instanceof HttpError)) return error;
    if (error.certificate || error.kind === 'redirect')
      return new Fault('STORE_REFUSED', `${this.place}: ${error.message}`, {
        hint: error.certificate
          ? 'Set `store.ca_cert` to the CA that signed its certificate.'
          : 'Correct `store:`.',
        cause: error,
      });
    return new Busy(`${this.place} cannot be reached (${error.brief})`);
  }

  #refusal(doing: string, key: string, { status, statusText, headers }: HttpAnswer): Fault {
    const answered = `${status} ${statusText}`.trim();
    const message = `${this.place}: the server answered ${answered} for ${doing} ${key}`;
    if (status === 429 || status === 408 || (status >= 500 && status !== 501 && status !== 507))
      return new Busy(message, retryAfterS(headers.get('retry-after')));
    return new Fault(status === 507 ? 'DISK_FULL' : 'STORE_REFUSED', message, {
      hint: HINTS[status] ?? 'Check `store:`.',
    });
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
