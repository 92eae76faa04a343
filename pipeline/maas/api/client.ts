import { apiUrl, maasUrl } from '../../config/maas-url.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { redact } from '../../core/secrets/registry.ts';
import { HttpClient } from '../../host/http/client.ts';
import type { Content } from '../../host/http/content.ts';
import { isTemporary, RetryBudget } from '../../host/http/retry-budget.ts';
import type { ApiKey } from './api-key.ts';
import { explainMaasError, MaasError } from './maas-error.ts';
import { type Answer, sendOnce } from './request.ts';
import { authorization } from './sign.ts';
import { type MaasVersion, parseVersion } from './version.ts';

export interface ClientOptions {
  url: string;
  /** Null: only what MAAS answers to everybody, such as its version. */
  key: ApiKey | null;
  /** PEM file of the authority to trust, or null. */
  caCert: string | null;
  emit: Emit;
  signal: AbortSignal;
  /** The time to keep trying; by default a minute. */
  retryBudget?: RetryBudget;
  /** Milliseconds without a byte moving, and from a request's end to its answer. */
  stallMs?: number;
  answerMs?: number;
}

/** The parts of a request that most have none of. */
interface Sent {
  headers?: Record<string, string>;
  body?: Content;
  answerMs?: number | undefined;
  /** Ends it alone. */
  signal?: AbortSignal;
}

/** A list is sent as one field for each item, as Django reads it. */
export type Form = Record<string, string | number | boolean | readonly (string | number)[]>;

/**
 * One MAAS. `get`, `update` and `delete` try again by themselves; `post`, `call` and `put` are tried once, since they may
 * have worked unheard.
 */
export class MaasClient {
  /** Ends in /MAAS. */
  readonly url: string;
  readonly retryBudget: RetryBudget;
  readonly #options: ClientOptions;
  readonly #http: HttpClient;
  #version: Promise<MaasVersion> | undefined;
  /** Seconds that the server's clock is ahead of ours, once it has complained. */
  #clockAheadS = 0;

  constructor(options: ClientOptions) {
    this.url = maasUrl(options.url);
    this.#options = options;
    const { caCert, signal, stallMs = 60_000 } = options;
    this.#http = new HttpClient({ caCert, signal, stallMs });
    this.retryBudget =
      options.retryBudget ?? new RetryBudget({ totalS: 60, firstContactS: 10, firstTries: 2 });
  }

  /** The version, asked once. */
  version(): Promise<MaasVersion> {
    this.#version ??= this.#discover();
    return this.#version;
  }

  async #discover(): Promise<MaasVersion> {
    const answer = (await this.get('version/')) as { version?: unknown } | null;
    const version = parseVersion(String(answer?.version ?? ''));
    if (!version) throw this.notMaas('version/', 'there is no version in it');
    return version;
  }

  /**
   * The JSON of an endpoint, such as `boot-resources/3/`.
   * @throws MaasError, Fault MAAS_UNREACHABLE, MAAS_BUSY when the retry budget is used up, MAAS_PROTOCOL when it is not JSON
   */
  async get(path: string): Promise<unknown> {
    return this.#json(path, await this.#patiently(() => this.#ask('GET', path)));
  }

  /** Sends a form and gives the JSON of the answer; one try. */
  async post(path: string, form: Form): Promise<unknown> {
    return this.#json(path, await this.#ask('POST', path, { body: encoded(form) }));
  }

  /** Sends a form to an operation that answers by a sentence or not at all (`maas/?op=set_config`); one try. */
  async call(path: string, form: Form): Promise<string> {
    return (await this.#ask('POST', path, { body: encoded(form) })).text;
  }

  /**
   * Sets fields of what is there and gives the JSON of the answer; the same twice is the same, so it is tried again.
   * @param judge sees each fault that would pass; throws what is known better
   */
  async update(path: string, form: Form, judge?: (fault: Fault) => Promise<void>): Promise<unknown> {
    const send = () => this.#ask('PUT', path, { body: encoded(form) });
    return this.#json(path, await this.#patiently(send, judge));
  }

  /**
   * Sends raw bytes; one try.
   * @param more `answerMs`: how long the server may think after the last byte; `signal`: ends it alone
   */
  async put(path: string, body: Content, more: Pick<Sent, 'answerMs' | 'signal'> = {}): Promise<void> {
    await this.#ask('PUT', path, { body, ...more });
  }

  /** Deletes; what is gone already counts as deleted. */
  async delete(path: string): Promise<void> {
    try {
      await this.#patiently(() => this.#ask('DELETE', path));
    } catch (error) {
      // A second DELETE gets 404 from some endpoints and 500 from boot-resources.
      if (!(error instanceof Fault && error.code === 'MAAS_NOT_FOUND')) throw error;
    }
  }

  /** A request outside API 2.0, `path` below the MAAS's URL; signed, or with the headers given; one try. */
  raw(method: 'GET' | 'POST', path: string, more: Sent = {}): Promise<Answer> {
    return this.#try(method, `${this.url}${path}`, path, more);
  }

  /** Says in the log that something is tried again. */
  retrying(fault: Fault): (seconds: number) => void {
    return (seconds) =>
      this.#options.emit({
        type: 'notice',
        level: 'warning',
        message: redact(
          `${fault.message}; trying again in ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`,
        ),
      });
  }

  /** The fault for an answer that no MAAS gives. */
  notMaas(path: string, why: string): Fault {
    return new Fault('MAAS_PROTOCOL', `${apiUrl(this.url, path)} does not answer as MAAS does: ${why}`, {
      hint: 'Check the URL: it must end in /MAAS, for example http://maas.example:5240/MAAS',
    });
  }

  async #patiently<T>(action: () => Promise<T>, judge?: (fault: Fault) => Promise<void>): Promise<T> {
    for (;;) {
      try {
        return await action();
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        if (isTemporary(error)) await judge?.(error);
        await this.retryBudget.pause(error, this.#options.signal, this.retrying(error));
      }
    }
  }

  #ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, more: Sent = {}) {
    return this.#try(method, apiUrl(this.url, path), path, more);
  }

  /** One try; a second one at once where the first was turned away for its time or its nonce. */
  async #try(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    path: string,
    more: Sent,
  ): Promise<Answer> {
    for (let turn = 1; ; turn += 1) {
      const { key, answerMs } = this.#options;
      const startedS = Date.now() / 1000;
      const answer = await sendOnce(this.#http, {
        method,
        url,
        headers: {
          Accept: 'application/json',
          ...(key ? { Authorization: authorization(key, startedS + this.#clockAheadS) } : {}),
          ...more.headers,
        },
        body: more.body,
        signal: more.signal,
        answerMs: more.answerMs ?? answerMs ?? 60_000,
      });
      this.retryBudget.reached();
      if (answer.status >= 200 && answer.status < 300) return answer;
      if (answer.status >= 300 && answer.status < 400) throw redirected(url, answer);
      const error = explainMaasError(
        `${method} ${path}`,
        answer.status,
        answer.text,
        answer.headers.get('Retry-After'),
      );
      const again = error.row === 'nonce' || (error.row === 'expired' && this.#setClock(answer));
      if (!again || turn > 1) throw error;
    }
  }

  /** Follows the server's clock. @returns false when the clocks agree, so that the request was slow and not late */
  #setClock(answer: Answer): boolean {
    const serverS = Date.parse(answer.headers.get('Date') ?? '') / 1000;
    const aheadS = serverS - Date.now() / 1000;
    if (!(Math.abs(aheadS - this.#clockAheadS) > 30)) return false;
    this.#clockAheadS = aheadS;
    this.#options.emit({
      type: 'notice',
      level: 'warning',
      message: `The clock of ${new URL(this.url).host} is ${Math.round(Math.abs(aheadS))} s ${aheadS > 0 ? 'ahead of' : 'behind'} this host's; requests are signed by its clock`,
      hint: 'Set both clocks by NTP.',
    });
    return true;
  }

  #json(path: string, answer: Answer): unknown {
    try {
      return JSON.parse(answer.text);
    } catch {
      const html = /^\s*</.test(answer.text);
      throw this.notMaas(path, html ? 'the answer is a web page' : 'the answer is not JSON');
    }
  }
}

function encoded(form: Form): Content {
  const pairs = Object.entries(form).flatMap(([name, value]) =>
    (typeof value === 'object' ? value : [value]).map((item): [string, string] => [name, String(item)]),
  );
  const bytes = Buffer.from(new URLSearchParams(pairs).toString());
  return { type: 'application/x-www-form-urlencoded', length: bytes.length, bytes };
}

/** Opens a client; nothing is sent yet. @throws Fault CONFIG_INVALID for a bad URL */
export function createClient(options: ClientOptions): MaasClient {
  return new MaasClient(options);
}

function redirected(url: string, answer: Answer): MaasError {
  const to = redact(answer.headers.get('Location') ?? 'nowhere');
  return new MaasError('MAAS_REFUSED', `${url} redirects to ${to}; a signed request cannot be redirected`, {
    status: answer.status,
    hint: 'Use the URL of MAAS itself, with its scheme and port.',
  });
}
