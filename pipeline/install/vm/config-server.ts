import { randomBytes } from 'node:crypto';
import { type FileHandle, readdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openRegular } from '../../host/files/regular.ts';
import { CREDENTIAL_TOKEN } from '../render/types.ts';

/** QEMU's user network shows the host's loopback to the guest under this address. */
export const GUEST_SEES_HOST = '10.0.2.2';

export interface ConfigServer {
  port: number;
  /** The address of a served file as the guest must ask for it. */
  url(file: string): string;
  /** True once a file was asked for. */
  requested(file: string): boolean;
  close(): Promise<void>;
}

/**
 * Serves the rendered installer configuration to the guest, on loopback only (Packer's own server listens on every
 * interface and does not report what was fetched). The run's password hash is put in on the way: it is on no disk. Other
 * users of this host reach loopback too, so the files are below a random path, and only those that are there now.
 */
export async function serveConfig(
  dir: string,
  passwordHash: string,
  onGet: (file: string) => void,
): Promise<ConfigServer> {
  // Small letters and digits only: `boot: typed` types it.
  const token = randomBytes(12).toString('hex');
  const served = new Map((await filesBelow(dir)).map((file) => [`/${token}/${file}`, file]));
  const requested = new Set<string>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = served.get((request.url ?? '').split('?')[0] as string);
    if (name === undefined) return void response.writeHead(404).end();
    if (request.method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end();
    const file = await openRegular(join(dir, name));
    try {
      requested.add(name);
      onGet(name);
      await send(file, name, response, passwordHash);
    } finally {
      await file.close();
    }
  }

  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    // Whatever a stranger sends ends its own connection and nothing else.
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
  response: ServerResponse,
  passwordHash: string,
): Promise<void> {
  if (name.endsWith('.yaml')) {
    const text = (await file.readFile('utf8')).replaceAll(CREDENTIAL_TOKEN, () => passwordHash);
    response.writeHead(200, { 'content-length': Buffer.byteLength(text) }).end(text);
  } else {
    response.writeHead(200, { 'content-length': (await file.stat()).size });
    await pipeline(file.createReadStream({ autoClose: false }), response);
  }
}

async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)));
}
