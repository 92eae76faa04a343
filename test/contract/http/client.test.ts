import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HttpClient } from '../../../pipeline/host/http/client.ts';
import { AUTHORITY, Servers } from './servers.ts';

let servers: Servers;
const clients: HttpClient[] = [];
beforeEach(() => {
  servers = new Servers();
});
afterEach(() => {
  for (const one of clients.splice(0)) one.close();
  servers.close();
});

function client(more: { stallMs?: number; caCert?: string } = {}): HttpClient {
  const made = new HttpClient({ signal: new AbortController().signal, stallMs: 5_000, ...more });
  clients.push(made);
  return made;
}

/** A server that sends without an end; `open` is how many still listen to it. */
async function endless(): Promise<{ base: string; open: () => number }> {
  let open = 0;
  const { base } = await servers.http((_, response) => {
    open += 1;
    const timer = setInterval(() => response.write(Buffer.alloc(64 << 10)), 5);
    response.on('close', () => {
      clearInterval(timer);
      open -= 1;
    });
  });
  return { base, open: () => open };
}

async function closed(open: () => number): Promise<boolean> {
  for (let i = 0; i < 100 && open() > 0; i++) await sleep(20);
  return open() === 0;
}

test('time that the reader takes is not held against the server', async () => {
  const { base } = await servers.http((_, response) => {
    response.write('one');
    setTimeout(() => response.write('two'), 100);
    setTimeout(() => response.end(), 2_500);
  });
  const answer = await client({ stallMs: 1_000 }).send({ url: base });
  const parts: string[] = [];
  for await (const part of answer.body) {
    parts.push(String(part));
    await sleep(1_500);
  }
  expect(parts.join('')).toBe('onetwo');
});

test('a reader that leaves the loop, or has enough, ends the connection', async () => {
  const { base, open } = await endless();
  for await (const part of (await client().send({ url: base })).body) {
    expect(part.length).toBeGreaterThan(0);
    break;
  }
  expect(await closed(open)).toBe(true);
  await expect((await client().send({ url: base })).text(1_000_000)).rejects.toMatchObject({
    kind: 'too-large',
  });
  expect(await closed(open)).toBe(true);
  (await client().send({ url: base })).discard();
  expect(await closed(open)).toBe(true);
});

test('an authority that is named is the only one; without it the certificate is refused', async () => {
  const { base } = await servers.https((_, response) => response.end('\uFEFFyes'));
  const answer = await client({ caCert: AUTHORITY }).send({ url: base });
  expect(await answer.text(10)).toBe('yes');
  await expect(client().send({ url: base })).rejects.toMatchObject({ kind: 'network', certificate: true });
});

test('connections are kept, and user and password of the URL are a header', async () => {
  const { base, asked } = await servers.http((_, response) => response.end('x'));
  const http = client();
  for (const name of ['a', 'b']) {
    const answer = await http.send({ url: `${base.replace('//', '//jo:a%40b@')}/${name}` });
    await answer.text(10);
  }
  expect(asked.map(({ url }) => url)).toEqual(['/a', '/b']);
  expect(asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('jo:a@b').toString('base64')}`);
  expect(asked[0]?.socket).toBe(asked[1]?.socket);
});
