// Sends a file as `maas boot-resources create` does: reads it once for its sum, then again in PUTs of 4 MiB, each on a new
// connection (up to MAAS 3.6), with no retry. In Node, the runtime of the other side, so that what is compared is the way of
// sending and not two languages; the command itself needs more memory than this (125 to 159 MB).
// --sha256 and --chunk-size leave out the first reading and change the size: what the sockets alone cost.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { parseApiKey } from '../pipeline/maas/api-key.ts';
import { authorization } from '../pipeline/maas/sign.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', default: 'custom/peer' },
    sha256: { type: 'string' },
    'chunk-size': { type: 'string', default: String(4 << 20) },
    'keep-alive': { type: 'boolean', default: false },
  },
});
const url = `${process.env.MAAS_API_URL}/`;
const key = parseApiKey(process.env.MAAS_API_KEY!, 'in MAAS_API_KEY');
const agent = values['keep-alive'] ? new Agent({ keepAlive: true, maxSockets: 1 }) : (false as const);

function send(method: string, path: string, type: string, body: Buffer): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = {
    Authorization: authorization(key, Date.now() / 1000),
    'Content-Type': type,
    'Content-Length': body.length,
  };
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
  sending.end(body);
  return promise;
}

const file = await open(positionals[0]!, 'r');
const { size } = await file.stat();
const buffer = Buffer.alloc(Number(values['chunk-size']));

async function* chunks() {
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw new Error('the file became shorter');
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

let { sha256 } = values;
if (sha256 === undefined) {
  const hash = createHash('sha256');
  for await (const chunk of chunks()) hash.update(chunk);
  sha256 = hash.digest('hex');
}
const form = new URLSearchParams({
  name: values.name,
  title: values.name,
  architecture: 'amd64/generic',
  base_image: 'ubuntu/focal',
  filetype: 'tgz',
  sha256,
  size: String(size),
});
const created = JSON.parse(
  await send(
    'POST',
    'api/2.0/boot-resources/',
    'application/x-www-form-urlencoded',
    Buffer.from(String(form)),
  ),
) as { sets: Record<string, { files: Record<string, { upload_uri?: string }> }> };
const target = Object.values(created.sets)
  .flatMap(({ files }) => Object.values(files))
  .find(({ upload_uri }) => upload_uri)?.upload_uri;
if (!target) throw new Error('the server wants nothing of the file');
for await (const chunk of chunks()) await send('PUT', target, 'application/octet-stream', chunk);
await file.close();
if (agent) agent.destroy();
