import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { pipeline } from 'node:stream';

export interface RecordingProxy {
  url: string;
  /** Every URL that was asked for, and every host and port that a tunnel was wanted to. */
  asked: string[];
  tunnels: string[];
  /** Values of Authorization that came along. */
  logins: string[];
  close(): void;
}

/**
 * A web proxy that notes every host that is asked, and reaches none: it answers with the files of a folder, `HOST/PATH`.
 */
export async function recordingProxy(folder: string): Promise<RecordingProxy> {
  const asked: string[] = [];
  const tunnels: string[] = [];
  const logins: string[] = [];
  const server = createServer(async (request, response) => {
    const { url = '', headers } = request;
    asked.push(url);
    if (headers.authorization) logins.push(headers.authorization);
    const { hostname, pathname } = new URL(url, 'http://without-host.invalid');
    const path = join(folder, hostname, normalize(decodeURIComponent(pathname)));
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': found.size });
    pipeline(createReadStream(path), response, () => {});
  });
  server.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ asked, tunnels, logins },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
