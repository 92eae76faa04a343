import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConfigServer, serveConfig } from '../../../pipeline/build/config-server.ts';
import { newCredentials } from '../../../pipeline/build/credentials.ts';
import { CREDENTIAL_TOKEN } from '../../../pipeline/render/types.ts';

let dir: string;
let server: ConfigServer;
const got: string[] = [];

function get(path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'serve-'));
  await writeFile(join(dir, 'curtin.yaml'), `cmd: "echo 'root:${CREDENTIAL_TOKEN}' | chpasswd -e"\n`);
  await writeFile(join(dir, 'file.bin'), 'bytes');
  server = await serveConfig(dir, '$6$salt$hash', (file) => got.push(file));
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true });
});

describe('the server of the installer configuration', () => {
  it('puts the hash of the run in, and tells that the file was fetched', async () => {
    expect(server.asked('curtin.yaml')).toBe(false);
    const { status, body } = await get('/curtin.yaml?x=1');
    expect([status, body]).toEqual([200, `cmd: "echo 'root:$6$salt$hash' | chpasswd -e"\n`]);
    expect(got).toEqual(['curtin.yaml']);
    expect(server.asked('curtin.yaml')).toBe(true);
  });

  it('gives other files as they are', async () => {
    expect(await get('/file.bin')).toEqual({ status: 200, body: 'bytes' });
  });

  it.each(['/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/', '/nope'])('refuses %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });
});

describe('credentials', () => {
  it('are other ones each time, and never the password in the hash', () => {
    const [a, b] = [newCredentials(), newCredentials()];
    expect(a.password).not.toBe(b.password);
    expect(a.hash).toMatch(/^\$6\$[0-9a-f]{16}\$[./0-9A-Za-z]{86}$/);
    expect(a.hash).not.toContain(a.password);
  });
});
