import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WHAT_THIS_IS } from './account.ts';
import { type Authenticator, NOBODY, unsigned } from './auth.ts';
import { type Body, receive } from './body.ts';
import type { SandboxContext } from './context.ts';
import { SandboxError } from './error.ts';
import { answerOf } from './fault-answers.ts';
import type { Faults } from './faults.ts';
import { bodyLimit, errorPage } from './front.ts';
import { advance } from './machines/advance.ts';
import { html, type Reply, ReplyError, text } from './reply.ts';
import type { LoggedRequest, RequestLog } from './requests.ts';
import {
  API,
  type Call,
  dispatch,
  findRoute,
  isOpen,
  type Match,
  operationOf,
  unknownEndpoint,
  type VersionedRoute,
} from './route.ts';
import { advanceImport } from './site/import.ts';
import type { ImageFile } from './store.ts';
import { UnderWay } from './under-way.ts';
import { fileAt } from './uploads.ts';

/** Takes what happens, a line at a time. */
export type Log = (line: string, level: 'request' | 'warning') => void;

interface Parts {
  world: SandboxContext;
  routes: readonly VersionedRoute[];
  /** Of the API's description. */
  hash: string;
  faults: Faults;
  log: RequestLog;
  authenticator: Authenticator;
  front: 'nginx' | undefined;
  report: Log | undefined;
}

/** The route of one request, found before its body is read. */
interface Incoming {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  match: Match | undefined;
  arrival: number;
  entry: LoggedRequest;
}

/** The URL of a request, whose target may be anything: `//`, `*`, `host:port`, or a whole URL as proxies send it. */
function urlOf({ url = '/' }: IncomingMessage): URL {
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return new URL(url);
  // Behind the host's own slash no target can be taken for another host.
  return new URL(`http://localhost/${url.replace(/^\//, '')}`);
}

/** The HTTP side: takes requests in, carries out faults, sends answers. */
export class Listener {
  readonly #parts: Parts;
  readonly #stopped = new AbortController();
  readonly #numbers = new WeakMap<Socket, number>();
  /** Connections that look alive and are not. */
  readonly #dead = new WeakSet<Socket>();
  readonly #underWay = new UnderWay<ImageFile>();
  #restarting: Promise<unknown> = Promise.resolve();
  #connections = 0;
  #server: Server | undefined;
  #port = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Listens on loopback only; returns the port. */
  async listen(port: number): Promise<number> {
    const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0 });
    const take = (request: IncomingMessage, response: ServerResponse) => {
      // An error of one request ends its connection, never the server.
      this.#take(request, response).catch(() => request.socket.destroy());
    };
    server.on('request', take);
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      // nginx refuses a long body before it has come.
      if (!this.#tooLong(request)) response.writeContinue();
      take(request, response);
    });
    server.on('connection', (socket) => this.#numbers.set(socket, ++this.#connections));
    server.on('clientError', (_error, socket) => socket.destroy());
    // Such as no descriptor being free for the next connection.
    server.on('error', () => {});
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          error.code === 'EADDRINUSE'
            ? new SandboxError('PORT_TAKEN', `Port ${port} is taken`, {
                hint: 'Give another by --port, or none at all.',
              })
            : error,
        ),
      );
      server.listen(port, '127.0.0.1', resolve);
    });
    this.#server = server;
    this.#port = (server.address() as { port: number }).port;
    return this.#port;
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#restarting.catch(() => undefined);
    await this.#stopListening();
    rmSync(this.#parts.world.spool, { recursive: true, force: true });
  }

  async #stopListening(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { world, routes, log, report } = this.#parts;
    const { socket } = request;
    if (this.#dead.has(socket)) return void socket.resetAndDestroy();
    const url = urlOf(request);
    const method = request.method ?? 'GET';
    const match = findRoute(routes, url.pathname);
    const kind = (match && operationOf(match.route, method, url.searchParams.get('op'))?.kind) ?? 'unknown';
    const connection = this.#numbers.get(socket) ?? 0;
    const entry = log.add({ at: world.now(), method, path: url.pathname + url.search, kind, connection });
    const incoming = { request, response, url, match, arrival: ++world.arrivals, entry };
    try {
      await this.#serve(incoming);
    } catch (error) {
      // Mostly the client went away, or we cut the connection ourselves, and nobody is left to answer.
      if (socket.destroyed || this.#stopped.signal.aborted || response.headersSent) socket.destroy();
      else this.#send(incoming, text(500, error instanceof Error ? error.message : String(error)));
    }
    const line = `${method} ${entry.path} ${entry.status ?? 'no answer'}, ${entry.received} bytes`;
    report?.(entry.fault ? `${line} (fault ${entry.fault})` : line, 'request');
  }

  async #serve(incoming: Incoming): Promise<void> {
    const { request } = incoming;
    if (this.#tooLong(request)) return this.#refuseLong(incoming);
    const file = this.#fileOf(incoming);
    const last = !!file && file.received + this.#underWay.of(file) + lengthOf(request) >= file.size;
    const arrived = file ? this.#underWay.begin(file, lengthOf(request)) : () => {};
    try {
      await this.#work(incoming, last, arrived);
    } finally {
      arrived();
    }
  }

  /** @param arrived to be called when a chunk is there, or is not to be */
  async #work(incoming: Incoming, last: boolean, arrived: () => void): Promise<void> {
    const { request, entry } = incoming;
    const rule = this.#parts.faults.pick({ method: entry.method, kind: entry.kind, last });
    entry.fault = rule?.text;
    if (rule?.fault === 'reset') return this.#reset(incoming);
    if (rule?.fault === 'restart') {
      await this.#reset(incoming);
      this.#restarting = this.#restart(rule.argument ?? 1);
      return void (await this.#restarting);
    }

    const rate = rule?.fault === 'slow' ? rule.argument : undefined;
    const body = await receive(request, {
      spool: this.#parts.world.spool,
      rate,
      signal: this.#stopped.signal,
      onBytes: (count) => {
        entry.received += count;
      },
    });
    try {
      if (rule?.fault === 'stall') return await this.#stall(incoming, rule.argument);
      const instead = rule && answerOf(rule, this.#parts.world.traits, entry.kind);
      const reply = instead ?? (await this.#answer(incoming, body));
      arrived();
      if (rule?.fault === 'late')
        await sleep((rule.argument ?? 1) * 1000, undefined, { signal: this.#stopped.signal });
      if (rule?.fault === 'lost') return void request.socket.destroy();
      if (rule?.fault === 'idle-close') this.#dead.add(request.socket);
      this.#send(incoming, reply);
    } finally {
      await body.discard();
    }
  }

  async #answer({ url, match, entry, request, arrival }: Incoming, body: Body): Promise<Reply> {
    const { world, authenticator, hash } = this.#parts;
    if (!match) return url.pathname.startsWith(API) ? unknownEndpoint(url.pathname) : html(404, 'Not Found');
    const headers = request.headers as Call['headers'];
    const { route, at } = match;
    try {
      // Events that are due by now have happened, of machines and imports alike.
      advance(world);
      advanceImport(world);
      const known = route.authenticate?.(world, headers) ?? authenticator.check(headers.authorization);
      if (!known && !isOpen(route, entry.method)) return unsigned();
      const call = { world, method: entry.method, url, headers, at, user: known ?? NOBODY, body, arrival };
      const reply = await dispatch(route, call, !known);
      return route.endpoint ? { ...reply, headers: { 'x-maas-api-hash': hash, ...reply.headers } } : reply;
    } catch (error) {
      if (error instanceof ReplyError) return error.reply;
      // As MAAS does with what it did not expect.
      return text(500, error instanceof Error ? error.message : String(error));
    }
  }

  #send({ response, entry }: Incoming, reply: Reply): void {
    if (response.destroyed) return;
    entry.status = reply.status;
    const length = reply.status === 204 ? {} : { 'content-length': String(Buffer.byteLength(reply.body)) };
    response.writeHead(reply.status, { server: WHAT_THIS_IS, ...length, ...reply.headers });
    response.end(reply.body);
  }

  /** Whether the front refuses the body by its length. */
  #tooLong(request: IncomingMessage): boolean {
    const path = urlOf(request).pathname;
    return this.#parts.front === 'nginx' && Number(request.headers['content-length'] ?? 0) > bodyLimit(path);
  }

  /** nginx answers at once and then reads on for a while, so that the answer is not lost. */
  async #refuseLong(incoming: Incoming): Promise<void> {
    this.#send(incoming, errorPage(413, { connection: 'close' }));
    const give = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(5000)]);
    give.addEventListener('abort', () => incoming.request.socket.destroy());
    for await (const part of incoming.request) incoming.entry.received += (part as Buffer).length;
  }

  /** The file that a chunk is of. */
  #fileOf({ match, entry }: Incoming): ImageFile | undefined {
    if (entry.kind !== 'chunk' || !/^\d+$/.test(match?.at.file ?? '')) return undefined;
    return fileAt(this.#parts.world, match?.at.file ?? '');
  }

  /** Reads about half of the body, then resets. */
  async #reset({ request, entry }: Incoming): Promise<void> {
    const half = Number(request.headers['content-length'] ?? 0) / 2;
    if (half > 0)
      for await (const part of request.iterator({ destroyOnReturn: false })) {
        entry.received += (part as Buffer).length;
        if (entry.received >= half) break;
      }
    request.socket.resetAndDestroy();
  }

  /** Goes away and comes back on the same port, having forgotten the running sums. */
  async #restart(seconds: number): Promise<void> {
    await this.#stopListening();
    this.#parts.world.store.blobs.forget();
    await sleep(seconds * 1000, undefined, { signal: this.#stopped.signal });
    await this.listen(this.#port).catch((error: Error) => {
      const message = `The sandbox could not come back on port ${this.#port}: ${error.message}`;
      this.#parts.report?.(message, 'warning');
    });
  }

  async #stall({ request }: Incoming, seconds: number | undefined): Promise<void> {
    const gone = new Promise((resolve) => request.socket.once('close', resolve));
    const over =
      seconds === undefined ? [] : [sleep(seconds * 1000, undefined, { signal: this.#stopped.signal })];
    await Promise.race([gone, ...over]);
    request.socket.destroy();
  }
}

const lengthOf = ({ headers }: IncomingMessage) => Number(headers['content-length'] ?? 0);
