import { randomBytes } from 'node:crypto';
import { type FileHandle, readdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { openRegular } from '../../host/files/regular.ts';
import { sendFile } from '../../host/vm/send-file.ts';
import { GUEST_SEES_HOST } from '../../host/vm/user-network.ts';
import { CREDENTIAL_TOKEN } from '../render/types.ts';

export interface ConfigServer {
  port: number;
  /** The address of a served file as the guest must ask for it. */
  url(file: string): string;
  /** True once a file was asked for. */
  requested(file: string): boolean;
  /** True once a file was fetched to its end. */
  delivered(file: string): boolean;
  close(): Promise<void>;
}

interface Served {
  name: string;
  path: string;
}

/**
 * Serves the rendered installer configuration to the guest, on loopback only (Packer's own server listens on every
 * interface and does not report what was fetched). The run's password hash is put in on the way: it is on no disk. Other
 * users of this host reach loopback too, so the files are below a random path, and only those that are there now.
 * @param more other files, such as the medium: their paths by the names that they are served under
 */
export async function serveConfig(
  dir: string,
  passwordHash: string,
  onGet: (file: string) => void,
  more: Readonly<Record<string, string>> = {},
): Promise<ConfigServer> {
  // Small letters and digits only: `boot: typed` types it.
  const token = randomBytes(12).toString('hex');
  const served = new Map<string, Served>([
    ...(await filesBelow(dir)).map((file): [string, Served] => [
      `/${token}/${file}`,
      { name: file, path: join(dir, file) },
    ]),
    ...Object.entries(more).map(([name, path]): [string, Served] => [`/${token}/${name}`, { name, path }]),
  ]);
  const requested = new Set<string>();
  const delivered = new Set<string>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const found = served.get((request.url ?? '').split('?')[0] as string);
    if (found === undefined) return void response.writeHead(404).end();
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
    const { name } = found;
    const file = await openRegular(found.path);
    try {
      if (request.method === 'GET') {
        requested.add(name);
        onGet(name);
      }
      await send(file, name, { request, response }, passwordHash);
      if (request.method === 'GET') delivered.add(name);
    } finally {
      await file.close();
    }
  }

  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    // Malformed requests end their own connection and nothing else.
    answer(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((ready, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', ready);
  });
  // Such as no descriptor being free for the next connection.
  server.on('error', () => {});
  const port = (server.address() as AddressInfo).port;
  return {
    port,
    url: (file) => `http://${GUEST_SEES_HOST}:${port}/${token}/${file}`,
    requested: (file) => requested.has(file),
    delivered: (file) => delivered.has(file),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function send(
  file: FileHandle,
  name: string,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  passwordHash: string,
): Promise<void> {
  if (name.endsWith('.yaml')) {
    const text = (await file.readFile('utf8')).replaceAll(CREDENTIAL_TOKEN, () => passwordHash);
    response.writeHead(200, { 'content-length': Buffer.byteLength(text) });
    response.end(request.method === 'HEAD' ? undefined : text);
  } else await sendFile(file, request, response);
}

async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)));
}
