import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/server.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect in it
  json: any;
}

export interface Send {
  /** Form fields: sent urlencoded, a list as a repeated field. */
  form?: Record<string, string | number | boolean | string[]>;
  body?: Buffer | string;
  headers?: Record<string, string | number>;
  /** In place of the sandbox' own key. */
  key?: string;
  /** In place of a fresh OAuth header; null sends none. */
  authorization?: string | null;
  agent?: Agent;
}

/** A header as `maas` signs it; every call makes a new nonce. */
export function sign(
  key: string,
  { nonce = randomBytes(12).toString('hex'), timestamp = seconds() } = {},
): string {
  const [consumer, token, secret] = key.split(':');
  return (
    `OAuth oauth_nonce="${nonce}", oauth_timestamp="${timestamp}", oauth_version="1.0", ` +
    `oauth_signature_method="PLAINTEXT", oauth_consumer_key="${consumer}", oauth_token="${token}", ` +
    `oauth_signature="%26${secret}"`
  );
}

export const seconds = () => Math.floor(Date.now() / 1000);

/** One request, without any retry or redirect. Paths are below /MAAS/api/2.0/ unless they start with a slash. */
export function call(sandbox: Sandbox, method: string, path: string, send: Send = {}): Promise<Answer> {
  const url = new URL(path.startsWith('/') ? path : `/MAAS/api/2.0/${path}`, sandbox.url);
  const form =
    send.form &&
    new URLSearchParams(
      Object.entries(send.form).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)])),
    ).toString();
  const body = form ?? send.body;
  const authorization =
    send.authorization === undefined ? sign(send.key ?? sandbox.apiKey) : send.authorization;
  const headers = {
    ...(authorization === null ? {} : { authorization }),
    ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    ...send.headers,
  };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: send.agent ?? false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A new folder, deleted after the test. */
export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sandbox-test-'));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A sandbox that is closed after the test. */
export async function sandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const dir = options.dir ?? folder();
  const started = await startSandbox({ ...options, dir });
  cleanups.push(() => started.close());
  return started;
}

export const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');

/** The fields of a valid upload of this content. */
export function fields(content: Buffer, more: Record<string, string | number> = {}) {
  return {
    name: 'custom/img',
    title: 'An image',
    architecture: 'amd64/generic',
    filetype: 'tgz',
    base_image: 'ubuntu/jammy',
    sha256: sha256(content),
    size: content.length,
    ...more,
  };
}

/** The newest set of a resource, by number. */
export function newest(resource: Answer['json']) {
  const versions = Object.keys(resource.sets).sort((a, b) => order(a) - order(b));
  return resource.sets[versions.at(-1) as string];
}

const order = (version: string) => {
  const [day, index = '0'] = version.split('.');
  return Number(day) * 1e6 + Number(index);
};

export const onlyFile = (resource: Answer['json']) =>
  Object.values(newest(resource).files)[0] as Answer['json'];

/** Creates the resource and returns the answer with the URI for chunks. */
export async function create(server: Sandbox, content: Buffer, more: Record<string, string | number> = {}) {
  const answer = await call(server, 'POST', 'boot-resources/', { form: fields(content, more) });
  if (answer.status !== 201) throw new Error(`create: ${answer.status} ${answer.text}`);
  return { id: answer.json.id as number, uri: onlyFile(answer.json).upload_uri as string, json: answer.json };
}

export const put = (server: Sandbox, uri: string, body: Buffer, send: Send = {}) =>
  call(server, 'PUT', uri, { body, ...send });

export const read = async (server: Sandbox, id: number) =>
  (await call(server, 'GET', `boot-resources/${id}/`)).json;
