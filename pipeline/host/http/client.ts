import type { Agent } from 'node:http';
import { interrupted } from '../../core/faults/interrupted.ts';
import { byNode } from './by-node.ts';
import { openAgent } from './connection.ts';
import { type Content, Sending } from './content.ts';
import { HttpError, networkError } from './http-error.ts';
import { type Hop, nextHop } from './redirect.ts';
import { StallLimit } from './stall.ts';
import type { Incoming, Transport } from './transport.ts';
import { bareUrl } from './url.ts';

export interface HttpOptions {
  /** Ends whatever is under way. */
  signal: AbortSignal;
  /** Milliseconds without a byte, in either direction. */
  stallMs: number;
  /** PEM file of the authority that alone is trusted, or null for those of the system and the environment. */
  caCert?: string | null;
}

export interface HttpRequest {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'PROPFIND' | 'MKCOL';
  /** With user and password, where they are needed: they are sent as a header. */
  url: URL | string;
  headers?: Record<string, string>;
  body?: Content;
  /** The number of redirects to follow; none by default: they are answers like others then. A body is sent again only by 307 and 308. */
  redirects?: number;
  /** Milliseconds from the last byte of the request to the end of the answer; without it only a standstill ends the answer. */
  answerMs?: number;
  /** Ends this request alone, with its reason. */
  signal?: AbortSignal | undefined;
  /** Whether the answer may be compressed on its way; what comes out is unpacked. */
  compressed?: boolean;
}

export interface HttpAnswer {
  status: number;
  statusText: string;
  headers: { get(name: string): string | null };
  /** The bytes, once. Leaving the loop ends the connection. @throws HttpError */
  body: AsyncIterable<Buffer>;
  /** The whole body. @throws HttpError `too-large` beyond so many bytes */
  text(most: number): Promise<string>;
  /** Does without the body, and ends the connection. */
  discard(): void;
}

/**
 * Requests to any host, with the connections kept. Proxies, authorities, limits, redirects and credentials are decided here for
 * everything in this program that asks by HTTP. One try; see `RetryBudget` for more.
 */
export class HttpClient {
  readonly #options: HttpOptions;
  /** By origin, since `no_proxy` may name one host and not the next. */
  readonly #agents = new Map<string, Promise<Agent>>();

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /**
   * Sends a request and waits for the head of the answer, whatever its status.
   * @throws HttpError; Fault CONFIG_INVALID for a proxy or authority that cannot be used, INTERRUPTED when the signal is aborted;
   *   what iterating the body's content throws
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const { url, authorization } = bareUrl(new URL(request.url));
    let hop: Hop = {
      url,
      headers: { ...(authorization ? { Authorization: authorization } : {}), ...request.headers },
    };
    for (let left = request.redirects ?? 0; ; left -= 1) {
      const answer = await this.#once(request, hop);
      const next = request.redirects && mayFollow(request, answer) ? nextHop(hop, answer) : undefined;
      if (next === undefined) return answer;
      answer.discard();
      if (left === 0) throw new HttpError('redirect', 'the server redirects endlessly');
      if (next instanceof HttpError) throw next;
      hop = next;
    }
  }

  /** Ends the connections. */
  close(): void {
    for (const agent of this.#agents.values()) agent.then((one) => one.destroy()).catch(() => {});
    this.#agents.clear();
  }

  async #once(request: HttpRequest, { url, headers }: Hop): Promise<HttpAnswer> {
    const { signal, stallMs } = this.#options;
    const { body: content, answerMs } = request;
    if (signal.aborted) throw interrupted(signal);
    const agent = await this.#agent(url);
    const cut = new AbortController();
    const limit = new StallLimit(cut);
    const sending = content && new Sending(content, limit, { stallMs, answerMs: answerMs ?? stallMs });
    const failed = (error: unknown): unknown => {
      limit.rest();
      if (signal.aborted) return interrupted(signal);
      if (sending?.problem !== undefined) return sending.problem;
      return cut.signal.aborted ? cut.signal.reason : networkError(error);
    };
    limit.expect(sending ? stallMs : (answerMs ?? stallMs), 'no answer came');
    try {
      const transport = await transportOf(request);
      const response = await transport(url, {
        method: request.method ?? 'GET',
        headers: {
          'User-Agent': 'dgxos-maas',
          ...headers,
          ...(content ? { 'Content-Type': content.type, 'Content-Length': String(content.length) } : {}),
        },
        ...{ sending, agent, compressed: request.compressed ?? false },
        signal: AbortSignal.any([signal, cut.signal, ...(request.signal ? [request.signal] : [])]),
      });
      if (answerMs === undefined) limit.rest();
      return new Answer(response, { limit, cut, failed, stallMs: answerMs === undefined ? stallMs : null });
    } catch (error) {
      throw failed(error);
    } finally {
      // An answer in the middle of the body (413): the rest is not sent.
      if (!sending?.done) sending?.slices.return(undefined);
    }
  }

  #agent(url: URL): Promise<Agent> {
    const agent = this.#agents.get(url.origin) ?? openAgent(url, this.#options.caCert ?? null);
    this.#agents.set(url.origin, agent);
    return agent;
  }
}

/** RFC 9110, 15.4: other redirects turn a request into a GET. */
function mayFollow({ method = 'GET' }: HttpRequest, { status }: HttpAnswer): boolean {
  return method === 'GET' || method === 'HEAD' || status === 307 || status === 308;
}

/** Redirects are followed by downloads, from anywhere; MAAS and stores are asked many times in a run. */
async function transportOf({ redirects }: HttpRequest): Promise<Transport> {
  return redirects === undefined ? byNode : (await import('./by-fetch.ts')).byFetch;
}

interface Reading {
  limit: StallLimit;
  cut: AbortController;
  /** The error that the caller gets for one of the stream. */
  failed: (error: unknown) => unknown;
  /** Null where the whole answer has its time already. */
  stallMs: number | null;
}

class Answer implements HttpAnswer {
  readonly #response: Incoming;
  readonly #reading: Reading;

  constructor(response: Incoming, reading: Reading) {
    this.#response = response;
    this.#reading = reading;
    // Nobody may listen yet, or any longer, when the connection is cut.
    response.body?.on('error', () => {});
  }

  get status(): number {
    return this.#response.status;
  }
  get statusText(): string {
    return this.#response.statusText;
  }
  get headers() {
    return this.#response.headers;
  }

  get body(): AsyncIterable<Buffer> {
    return this.#chunks();
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    const { limit, failed, stallMs } = this.#reading;
    const expect = () => stallMs !== null && limit.expect(stallMs, 'nothing came');
    try {
      expect();
      // Leaving this loop destroys the stream, and with it the connection.
      for await (const chunk of this.#response.body ?? []) {
        // Time that whoever takes the bytes needs for them is not the server's.
        if (stallMs !== null) limit.rest();
        yield chunk as Buffer;
        expect();
      }
    } catch (error) {
      throw failed(error);
    } finally {
      limit.rest();
    }
  }

  async text(most: number): Promise<string> {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of this.#chunks()) {
      size += part.length;
      if (size > most) throw new HttpError('too-large', 'it is too large');
      parts.push(part);
    }
    // Without a mark of the byte order, which JSON.parse would refuse.
    return new TextDecoder().decode(Buffer.concat(parts));
  }

  discard(): void {
    this.#reading.limit.rest();
    this.#reading.cut.abort();
  }
}
