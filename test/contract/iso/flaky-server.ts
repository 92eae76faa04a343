import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A file server that counts requests and fails on demand. */
export class FlakyServer {
  content: Buffer;
  etag: string | null = '"one"';
  lastModified: string | null = null;
  ranges = true;
  /** Whether If-Range is looked at; some proxies do not. */
  mindsIfRange = true;
  /** Bytes of an answer to a range at most, as servers may send fewer than were asked for. */
  most = Number.POSITIVE_INFINITY;
  /** Bytes by which the answers to ranges begin elsewhere, for the next so many of them. */
  shifted = { by: 0, times: 0 };
  /** Content-Length of a whole answer, where it is not that of the content. */
  claimed: number | null = null;
  /** Faults of the next requests, one each, before the server is well again. */
  faults: ('500' | '429' | '404' | '401' | 'cut' | 'stall' | 'reset')[] = [];
  requests: { range?: string; ifRange?: string; authorization?: string; status: number }[] = [];
  onRequest: () => void = () => {};
  readonly #server = createServer((request, response) => this.#answer(request, response));

  constructor(content: Buffer) {
    this.content = content;
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.onRequest();
    const {
      range,
      'if-range': ifRange,
      authorization,
    } = request.headers as Record<string, string | undefined>;
    const fault = this.faults.shift();
    const headers: Record<string, string> = {};
    if (this.etag) headers.ETag = this.etag;
    if (this.lastModified) headers['Last-Modified'] = this.lastModified;
    let status = 200;
    let body = this.content;
    let from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (range && this.shifted.times > 0) {
      from += this.shifted.by;
      this.shifted.times -= 1;
    }
    // A weak ETag is never the same by the strong comparison that If-Range asks for.
    const same = ifRange === this.lastModified || (ifRange === this.etag && !ifRange?.startsWith('W/'));
    if (this.ranges && range && (!ifRange || !this.mindsIfRange || same)) {
      const end = Math.min(body.length, from + this.most);
      status = from < body.length ? 206 : 416;
      headers['Content-Range'] =
        status === 206 ? `bytes ${from}-${end - 1}/${body.length}` : `bytes */${body.length}`;
      body = body.subarray(from, end);
    }
    if (fault && /^\d+$/.test(fault)) {
      status = Number(fault);
      if (fault === '429') headers['Retry-After'] = '0';
      body = Buffer.from('no');
    }
    this.requests.push({ range, ifRange, authorization, status });
    if (fault === 'reset') return void request.socket.destroy();
    response.writeHead(status, { ...headers, 'Content-Length': String(this.claimed ?? body.length) });
    if (fault === 'cut' || fault === 'stall') {
      // The reader gets the time to take the bytes that were sent: those it has not taken by then are lost with the connection.
      response.write(body.subarray(0, Math.ceil(body.length / 2)), () => {
        if (fault === 'cut') setTimeout(() => request.socket.destroy(), 200);
      });
    } else response.end(body);
  }
}
