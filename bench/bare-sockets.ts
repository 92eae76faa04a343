// Sends a file whose sum is given, in PUTs of 10 MiB over one connection, and does nothing else: what Node's sockets and the
// server alone cost.
import { open } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { parseApiKey } from '../pipeline/maas/api/api-key.ts';
import { authorization } from '../pipeline/maas/api/sign.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sha256: { type: 'string', default: '' },
  },
});
const url = `${process.env.MAAS_API_URL}/`;
const key = parseApiKey(process.env.MAAS_API_KEY!, 'in MAAS_API_KEY');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

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
const buffer = Buffer.alloc(10 << 20);

async function* chunks() {
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw new Error('the file became shorter');
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
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
agent.destroy();
