import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { normalize, resolve, sep } from 'node:path';
import { CREDENTIAL_TOKEN } from '../render/types.ts';

/** QEMU's user network shows the host's loopback to the guest under this address. */
export const GUEST_SEES_HOST = '10.0.2.2';

export interface ConfigServer {
  port: number;
  /** The address of a served file as the guest must ask for it. */
  url(file: string): string;
  /** True once a file was asked for. */
  asked(file: string): boolean;
  close(): Promise<void>;
}

/**
 * Serves the rendered installer configuration to the guest, on loopback only (Packer's own server listens on every
 * interface and tells nobody what was fetched). The run's password hash is put in on the way: it is on no disk.
 */
export async function serveConfig(
  dir: string,
  passwordHash: string,
  onGet: (file: string) => void,
): Promise<ConfigServer> {
  const asked = new Set<string>();
  const server = createServer(async (request, response) => {
    const name = decodeURIComponent((request.url ?? '/').split('?')[0] as string).slice(1);
    const path = resolve(dir, normalize(name));
    if (request.method !== 'GET' || !path.startsWith(resolve(dir) + sep)) {
      response.writeHead(404).end();
      return;
    }
    const file = await open(path).catch(() => undefined);
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    asked.add(name);
    onGet(name);
    if (name.endsWith('.yaml')) {
      const text = (await file.readFile('utf8')).replaceAll(CREDENTIAL_TOKEN, passwordHash);
      await file.close();
      response.writeHead(200, { 'content-length': Buffer.byteLength(text) }).end(text);
    } else {
      response.writeHead(200, { 'content-length': (await file.stat()).size });
      file.createReadStream().pipe(response);
    }
  });
  await new Promise<void>((ready, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', ready);
  });
  const port = (server.address() as AddressInfo).port;
  return {
    port,
    url: (file) => `http://${GUEST_SEES_HOST}:${port}/${file}`,
    asked: (file) => asked.has(file),
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}
