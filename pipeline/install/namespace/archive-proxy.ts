import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HttpClient } from '../../host/http/client.ts';
import { proxyFor } from '../../host/http/proxy.ts';

/** Milliseconds without a byte from an archive. */
const STALL_MS = 60_000;
/** Headers of a hop, and those that the client sets itself. */
const NOT_PASSED_ON =
  /^(?:connection|proxy-.*|keep-alive|te|trailer|transfer-encoding|upgrade|host|content-length)$/i;

/** The only way from an installation's network namespace to the archives: a socket that its relay connects to. */
export interface ArchiveProxy {
  /** Folder that holds the socket alone; its path is short enough for a socket anywhere. */
  dir: string;
  socket: string;
  close(): Promise<void>;
}

/**
 * Answers as a web proxy does, by the connections (and the proxy) that this host uses for an address. It is reached by a Unix socket
 * of this user's alone, and nothing of it is left in the image.
 */
export async function openArchiveProxy(signal: AbortSignal): Promise<ArchiveProxy> {
  const dir = await mkdtemp(join(tmpdir(), 'archives-'));
  const client = new HttpClient({ signal, stallMs: STALL_MS });
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    forward(client, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
  });
  server.on('connect', (request, socket: Socket, head: Buffer) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    tunnel(request.url ?? '', socket, head);
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  const socket = join(dir, 'proxy');
  await new Promise<void>((ready, failed) => {
    server.once('error', failed);
    server.listen(socket, ready);
  });
  return {
    dir,
    socket,
    async close() {
      for (const open of sockets) open.destroy();
      await new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      });
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function forward(
  client: HttpClient,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' || !URL.canParse(request.url ?? '') || !request.url?.startsWith('http:'))
    return void response.writeHead(405, { allow: 'GET' }).end();
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' && !NOT_PASSED_ON.test(name) ? [[name, value]] : [],
    ),
  );
  const answer = await client.send({ url: request.url, headers });
  const passed = [
    'content-type',
    'content-length',
    'content-range',
    'last-modified',
    'etag',
    'location',
    'accept-ranges',
  ];
  for (const name of passed) {
    const value = answer.headers.get(name);
    if (value !== null) response.setHeader(name, value);
  }
  response.writeHead(answer.status, answer.statusText);
  await pipeline(Readable.from(answer.body), response);
}

/** Connects to `host:port`, by the host's own proxy where there is one. */
function tunnel(authority: string, socket: Socket, head: Buffer): void {
  const url = URL.canParse(`https://${authority}`) ? new URL(`https://${authority}`) : undefined;
  if (!url) return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  const proxy = proxyFor(url);
  const port = Number((proxy ?? url).port || (proxy?.protocol === 'http:' ? 80 : 443));
  const host = (proxy ?? url).hostname.replace(/^\[|\]$/g, '');
  const out = connect(port, host, () => {
    if (proxy) {
      const user = proxy.username ? decodeURIComponent(`${proxy.username}:${proxy.password}`) : '';
      const login = user ? `Proxy-Authorization: Basic ${Buffer.from(user).toString('base64')}\r\n` : '';
      // The proxy's answer goes to the asker as it is.
      out.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`);
    } else socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    out.write(head);
    out.pipe(socket);
    socket.pipe(out);
  });
  out.setTimeout(STALL_MS, () => out.destroy());
  out.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  socket.on('close', () => out.destroy());
}
