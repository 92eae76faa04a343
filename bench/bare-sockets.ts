// Sends a file whose sum is given, in PUTs of 10 MiB over one connection, and does nothing else: what Node's sockets and the
// server alone cost. With --hash it also makes the sum of what it sends: the least that a client in Node can do.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { parseApiKey } from '../pipeline/maas/api/api-key.ts';
import { authorization } from '../pipeline/maas/api/sign.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sha256: { type: 'string', default: '' },
    hash: { type: 'boolean', default: false },
  },
});
const url = `${process.env.MAAS_API_URL}/`;
const key = parseApiKey(process.env.MAAS_API_KEY!, 'in MAAS_API_KEY');
const { Agent, request } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
const { MAAS_API_CACERT: authority } = process.env;
const ca = authority && url.startsWith('https:') ? { ca: readFileSync(authority) } : {};
const agent = new Agent({ keepAlive: true, maxSockets: 1, ...ca });
/** Bytes of a request, and of what is read of the file at once. */
const CHUNK = 10 << 20;
const PIECE = 256 << 10;

/** @param pour writes the body; it has `length` bytes */
async function send(
  method: string,
  path: string,
  type: string,
  length: number,
  pour: (write: (bytes: Buffer) => Promise<void>) => Promise<void>,
): Promise<string> {
  const headers = {
    Authorization: authorization(key, Date.now() / 1000),
    'Content-Type': type,
    'Content-Length': length,
  };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sending = request(new URL(path, url), { method, headers, agent }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    response.once('end', () => {
      const { statusCode = 0 } = response;
      if (statusCode >= 200 && statusCode < 300) resolve(text);
      else reject(new Error(`${method} ${path} was answered by ${statusCode}`));
    });
  });
  sending.once('error', reject);
  await pour(async (bytes) => {
    if (!sending.write(bytes)) await once(sending, 'drain');
  });
  sending.end();
  return promise;
}

// Not awaited at the top: bundled as a CommonJS module, as our command is, it starts with 25 MB less.
async function main(): Promise<void> {
  const file = await open(positionals[0]!, 'r');
  const { size } = await file.stat();
  const sum = createHash('sha256');
  const buffers = [Buffer.alloc(PIECE), Buffer.alloc(PIECE)];

  /** The chunk at a place of the file: read, hashed and written piece after piece, of which the last may still be on its way. */
  async function chunk(at: number, end: number, write: (bytes: Buffer) => Promise<void>) {
    for (let turn = 0; at < end; turn ^= 1) {
      const buffer = buffers[turn]!.subarray(0, end - at);
      const bytes = buffer.subarray(0, readSync(file.fd, buffer, 0, buffer.length, at));
      if (bytes.length === 0) throw new Error('the file became shorter');
      if (values.hash) sum.update(bytes);
      await write(bytes);
      at += bytes.length;
    }
  }

  const form = new URLSearchParams({
    name: 'custom/sockets',
    title: 'custom/sockets',
    architecture: 'amd64/generic',
    base_image: 'ubuntu/focal',
    filetype: 'tgz',
    sha256: values.sha256,
    size: String(size),
  });
  const creation = Buffer.from(String(form));
  const created = JSON.parse(
    await send(
      'POST',
      'api/2.0/boot-resources/',
      'application/x-www-form-urlencoded',
      creation.length,
      async (write) => write(creation),
    ),
  ) as { sets: Record<string, { files: Record<string, { upload_uri?: string }> }> };
  const target = Object.values(created.sets)
    .flatMap(({ files }) => Object.values(files))
    .find(({ upload_uri }) => upload_uri)?.upload_uri;
  if (!target) throw new Error('the server wants nothing of the file');
  for (let at = 0; at < size; at += CHUNK) {
    const end = Math.min(size, at + CHUNK);
    await send('PUT', target, 'application/octet-stream', end - at, (write) => chunk(at, end, write));
  }
  if (values.hash && sum.digest('hex') !== values.sha256) throw new Error('the file has another sum');
  await file.close();
  agent.destroy();
}

void main();
