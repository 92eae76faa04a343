import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, createServer as createNetServer } from 'node:net';
import { fileURLToPath } from 'node:url';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A certificate for 127.0.0.1 that signs itself; its key is a secret to nobody. */
const fixture = (name: string) => fileURLToPath(new URL(`../maas/fixtures/${name}`, import.meta.url));
export const AUTHORITY = fixture('server-cert.pem');

/** Servers on loopback that end with the test. */
export class Servers {
  readonly #closers: (() => void)[] = [];

  close(): void {
    for (const close of this.#closers.splice(0)) close();
  }

  async #listen(server: Server): Promise<number> {
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    this.#closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  /** @returns its URL without a slash at the end, and what it was asked */
  async http(handler: Handler): Promise<{ base: string; asked: IncomingMessage[] }> {
    const asked: IncomingMessage[] = [];
    const server = createServer((given, response) => {
      asked.push(given);
      given.on('error', () => {});
      handler(given, response);
    });
    return { base: `http://127.0.0.1:${await this.#listen(server)}`, asked };
  }

  async https(handler: Handler): Promise<{ base: string; asked: IncomingMessage[] }> {
    const asked: IncomingMessage[] = [];
    const options = { key: readFileSync(fixture('server-key.pem')), cert: readFileSync(AUTHORITY) };
    const server = createTlsServer(options, (given, response) => {
      asked.push(given);
      handler(given, response);
    });
    return { base: `https://127.0.0.1:${await this.#listen(server)}`, asked };
  }

  /** Takes connections and never says a word. */
  async mute(): Promise<{ base: string; connections: () => number }> {
    const sockets = new Set<{ destroy(): void }>();
    const server = createNetServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      socket.resume();
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    this.#closers.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return {
      base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      connections: () => sockets.size,
    };
  }

  /** A proxy that leads every name to one port of this host, and notes what went through it. */
  async proxy(
    target: string,
  ): Promise<{ host: string; seen: string[]; headers: IncomingMessage['headers'][] }> {
    const seen: string[] = [];
    const headers: IncomingMessage['headers'][] = [];
    const { port } = new URL(target);
    const server = createServer((given, response) => {
      seen.push(`${given.method} ${given.url}`);
      headers.push(given.headers);
      const { pathname, search, host } = new URL(given.url!);
      const { 'proxy-authorization': _, ...rest } = given.headers;
      const onward = request(
        {
          host: '127.0.0.1',
          port,
          method: given.method,
          path: pathname + search,
          headers: { ...rest, host },
        },
        (answer) => {
          response.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(response);
        },
      );
      onward.on('error', () => response.destroy());
      given.pipe(onward);
    });
    server.on('connect', (given: IncomingMessage, socket) => {
      seen.push(`CONNECT ${given.url}`);
      headers.push(given.headers);
      const onward = connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      for (const end of [socket, onward]) end.on('error', () => {});
    });
    return { host: `127.0.0.1:${await this.#listen(server)}`, seen, headers };
  }
}
