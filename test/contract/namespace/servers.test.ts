import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocket, type Server as SocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const SERVERS = join(import.meta.dirname, '../../../templates/namespace/servers.py');

let dir: string;
let process: ChildProcess | undefined;
const open: (Server | SocketServer)[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'servers-'));
});
afterEach(() => {
  process?.kill('SIGKILL');
  for (const server of open.splice(0)) server.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createSocket().listen(0, '127.0.0.1');
  await new Promise((ready) => server.once('listening', ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Its output until it has tried all, on both streams. */
async function serve(...words: (string | number)[]): Promise<{ ports: string; errors: () => string }> {
  const script = join(dir, 'servers.py');
  copyFileSync(SERVERS, script);
  process = spawn('python3', ['-I', script, ...words.map(String)]);
  let [ports, errors] = ['', ''];
  process.stdout!.on('data', (text) => {
    ports += text;
  });
  process.stderr!.on('data', (text) => {
    errors += text;
  });
  await new Promise((ended) => process!.stdout!.once('end', ended));
  return { ports, errors: () => errors };
}

function fetched(port: number, path: string): Promise<string> {
  return new Promise((answered, failed) => {
    get({ host: '127.0.0.1', port, path, agent: false }, async (response) => {
      let text = `${response.statusCode} `;
      for await (const part of response) text += part;
      answered(text);
    }).on('error', failed);
  });
}

it('serves folders and relays to a socket, and ends its output when all of them listen', async () => {
  writeFileSync(join(dir, 'one'), 'of the folder');
  const socket = join(dir, 'proxy');
  const large = 'x'.repeat(1 << 20);
  const archive = createServer((request, response) => response.end(`${request.url} ${large}`));
  open.push(archive);
  await new Promise<void>((ready) => archive.listen(socket, ready));
  const [web, relay] = [await freePort(), await freePort()];
  const { ports } = await serve('web', web, dir, 'relay', relay, socket);
  expect(ports).toBe(`${web}\n${relay}\n`);
  expect(await fetched(web, '/one')).toBe('200 of the folder');
  expect(await fetched(web, '/two')).toMatch(/^404 /);
  const used = join(dir, 'archives-used');
  expect(existsSync(used)).toBe(false);
  const answers = await Promise.all(['/a', '/b'].map((path) => fetched(relay, path)));
  expect(answers).toEqual([`200 /a ${large}`, `200 /b ${large}`]);
  // A root that something was fetched for is kept as no layer.
  expect(existsSync(used)).toBe(true);
});

it('serves the others where a port is taken, and says which it is', async () => {
  const taken = createSocket().listen(0, '127.0.0.1');
  open.push(taken);
  await new Promise((ready) => taken.once('listening', ready));
  const { port } = taken.address() as AddressInfo;
  const web = await freePort();
  const { ports, errors } = await serve('web', port, dir, 'web', web, dir);
  expect(ports).toBe(`${web}\n`);
  expect(errors()).toBe(`port ${port}: Address already in use\n`);
});

it('closes a connection whose socket has nobody behind it', async () => {
  const relay = await freePort();
  await serve('relay', relay, join(dir, 'nobody'));
  await expect(fetched(relay, '/')).rejects.toThrow(/hang up|ECONNRESET/);
});
