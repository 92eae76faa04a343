import { connect } from 'node:net';
import { expect, it } from 'vitest';
import fc from '../../property.ts';
import { call, sandbox } from './client.ts';

/** Sends bytes as they are and waits until the connection has ended, or a moment when the server waits for more. */
function send(port: number, bytes: string | Buffer): Promise<void> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.setTimeout(100, () => socket.destroy());
    socket
      .on('error', () => {})
      .on('close', () => done())
      .resume();
  });
}

const target = fc.oneof(
  fc.constantFrom(
    ...['//', '/%', '*', 'http://', 'http://[', 'http://a b/', '/\\', '?', '#', '///x', 'x:1', '/%ff'],
    ...[
      '/MAAS/api/2.0/tags/%/',
      '/MAAS/api/2.0/machines/%2F%/?op=%',
      '/MAAS//api',
      '/MAAS/api/2.0/__proto__/',
    ],
    ...['/MAAS/api/2.0/boot-resources/%ff/upload/%/', 'http://x/MAAS/api/2.0/version/'],
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 30 }),
);
const headers = fc.constantFrom(
  '',
  'Authorization: OAuth oauth_token="%"\r\n',
  'Authorization: OAuth ,=,"\r\n',
  'Content-Type: multipart/form-data\r\nContent-Length: 3\r\n',
  'Content-Type: application/json\r\nContent-Length: 1\r\n',
  'Expect: 100-continue\r\nContent-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Upgrade: h2c\r\nConnection: Upgrade\r\n',
  `X: ${'y'.repeat(100_000)}\r\n`,
);

it.each([undefined, 'nginx'] as const)('no request ends the sandbox (front: %s)', async (front) => {
  const server = await sandbox({ front });
  const port = Number(new URL(server.url).port);
  await send(port, 'GET // HTTP/1.1\r\nHost: x\r\n\r\n');
  const method = fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'CONNECT', 'OPTIONS', 'X');
  await fc.assert(
    fc.asyncProperty(method, target, headers, (verb, url, more) =>
      send(port, `${verb} ${url} HTTP/1.1\r\nHost: x\r\n${more}\r\n{`),
    ),
    { numRuns: 200 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) => send(port, Buffer.from(bytes))),
    { numRuns: 50 },
  );
  expect((await call(server, 'GET', 'users/?op=whoami')).status).toBe(200);
});
