import { once } from 'node:events';
import { mkdtempSync, truncateSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { paths } from '../../../pipeline/maas/rehearse/identity.ts';
import { type RehearsalServer, serveRehearsal } from '../../../pipeline/maas/rehearse/server.ts';
import type { Sign } from '../../../pipeline/maas/rehearse/types.ts';
import { event, Node, oauth } from './node.ts';

const keys = { consumerKey: 'consumer', tokenKey: 'token', tokenSecret: 'secret' };
const names = { systemId: 'abc', images: 'def' };
const at = paths(names);
const artifact = join(mkdtempSync(join(tmpdir(), 'rehearsal-')), 'image.tar.gz');
writeFileSync(artifact, '0123456789');
const large = `${artifact}.large`;

let server: RehearsalServer;
let signs: Sign[];
let unreadable: [path: string, why: string][];
let node: Node;

beforeEach(async () => {
  signs = [];
  unreadable = [];
  server = await serveRehearsal((sign) => signs.push(sign));
  const identity = {
    ...names,
    origin: `http://10.0.2.2:${server.port}`,
    hostname: 'rehearsal',
    mac: '52:54:00:da:60:01',
  };
  node = new Node(identity, keys);
  server.give({
    ...{ identity, keys, artifact, sshKey: 'ssh-ed25519 AAAA rehearsal' },
    preseed: '#cloud-config\n',
    userData: Buffer.from('#!/bin/bash\n'),
    images: new Map([
      ['root.tgz', artifact],
      ['gone', '/nonexistent'],
      ['large', large],
    ]),
    onUnreadable: (path, error) => void unreadable.push([path, error.message]),
  });
});
afterEach(() => server.close());

describe('requests of a machine', () => {
  test('the preseed, by its id alone', async () => {
    expect(await (await node.get(`${at.byId}?op=get_preseed`)).text()).toBe('#cloud-config\n');
    expect((await node.get('/MAAS/metadata/latest/by-id/other/?op=get_preseed')).status).toBe(404);
    expect((await node.get(`${at.byId}?op=other`)).status).toBe(404);
  });

  test.each([
    ['instance-id', 'abc'],
    ['local-hostname', 'rehearsal'],
    ['public-keys', 'ssh-ed25519 AAAA rehearsal\n'],
  ])('meta-data/%s', async (item, value) => {
    for (const base of [`${at.curtin}/2012-03-01/`, `${at.metadata}2012-03-01/`])
      expect(await (await node.signed(`${base}meta-data/${item}`)).text()).toBe(value);
  });

  test('the installer while curtin installs, and nothing to do after the reboot', async () => {
    expect(await (await node.signed(`${at.curtin}/2012-03-01/user-data`)).text()).toBe('#!/bin/bash\n');
    expect(await (await node.signed(`${at.metadata}2012-03-01/user-data`)).text()).toBe('#cloud-config\n');
    const vendor = await (await node.signed(`${at.metadata}2012-03-01/vendor-data`)).text();
    expect(vendor).toMatch(/^#cloud-config\n/);
    // Seen with cloud-init 22.4.2 in a deployed image: without a key it falls back to DataSourceNone.
    expect(Object.keys(parse(vendor))).not.toEqual([]);
    expect(signs.filter((sign) => sign.type === 'asked')).toHaveLength(2);
  });

  test.each([
    ['bytes=2-4', 206, '234'],
    ['bytes=-2', 206, '89'],
    ['bytes=8-', 206, '89'],
    ['bytes=20-', 416, ''],
  ])('the artifact, %s', async (range, status, text) => {
    const answer = await node.get(at.image('root.tgz'), { range });
    expect([answer.status, await answer.text()]).toEqual([status, text]);
  });

  test('no other file', async () => {
    for (const path of ['../../../../etc/passwd', '%2e%2e/etc/passwd', 'constructor', '', artifact])
      expect((await node.get(at.image(path))).status).toBe(404);
  });

  test('that it need not boot from the network again', async () => {
    const form = (body: string) =>
      fetch(`http://127.0.0.1:${server.port}${at.byId}`, { method: 'POST', body });
    expect((await form('op=netboot_on')).status).toBe(400);
    expect((await form('op=netboot_off')).status).toBe(200);
    expect(signs).toEqual([{ type: 'netboot-off' }]);
  });
});

describe('a file of this host', () => {
  const LARGE = 64 << 20;
  beforeEach(() => {
    writeFileSync(large, '');
    truncateSync(large, LARGE);
  });

  /** A request whose answer is not read yet. */
  async function asked(): Promise<Socket> {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`GET ${at.image('large')} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await once(socket, 'readable');
    return socket;
  }

  test('that cannot be opened is reported, beside the answer', async () => {
    expect((await node.get(at.image('gone'))).status).toBe(500);
    expect(unreadable).toEqual([['/nonexistent', expect.stringContaining('ENOENT')]]);
  });

  test('that cannot be read to its end is reported', async () => {
    const socket = await asked();
    truncateSync(large, 0);
    socket.resume();
    await once(socket, 'close');
    expect(unreadable).toEqual([[large, 'it has become shorter']]);
  });

  test('is not to blame for a machine that breaks off', async () => {
    (await asked()).destroy();
    expect((await node.get(at.image('root.tgz'))).status).toBe(200);
    await sleep(100);
    expect(unreadable).toEqual([]);
  });
});

describe('the signature', () => {
  const answers = async (authorization: string | undefined) =>
    (
      await node.get(
        `${at.curtin}/2012-03-01/user-data`,
        authorization === undefined ? {} : { authorization },
      )
    ).status;

  test('by the keys of the node', async () => {
    expect(await answers(oauth(keys))).toBe(200);
  });

  test.each([
    ['none', undefined],
    ['another secret', oauth({ ...keys, tokenSecret: 'secreT' })],
    ['another token', oauth({ ...keys, tokenKey: 'other' })],
    ['another consumer', oauth({ ...keys, consumerKey: 'other' })],
    ['another method', oauth(keys).replace('PLAINTEXT', 'HMAC-SHA1')],
    ['no secret', oauth({ ...keys, tokenSecret: '' })],
    ['a broken escape', oauth(keys).replace('%26', '%2')],
    ['another scheme', 'Basic c2VjcmV0'],
  ])('%s: 401', async (_, authorization) => {
    expect(await answers(authorization)).toBe(401);
    expect(signs).toEqual([]);
  });
});

describe('status', () => {
  const post = async (body: string | Buffer) => (await node.signed(at.status, body)).status;

  test('an event is answered with 204', async () => {
    expect(await post(event('start', 'cmd-install'))).toBe(204);
    expect(signs).toMatchObject([{ type: 'status', event: { kind: 'start', name: 'cmd-install' } }]);
  });

  test.each(['', 'not JSON', '[]', '{}', Buffer.from([0xff, 0xfe, 0]), '['.repeat(100_000)])(
    'anything else with 400',
    async (body) => {
      expect(await post(body)).toBe(400);
      expect(signs).toEqual([]);
    },
  );

  test('a report of 40 MiB is refused, and the server goes on', async () => {
    // The connection may be gone before all of it is sent.
    const status = await post(Buffer.alloc(40 << 20, 'x')).catch(() => 413);
    expect(status).toBe(413);
    expect(await post(event('start', 'cmd-install'))).toBe(204);
  });
});

test('as a proxy it answers for every archive at once, with what apt takes for a passing fault', async () => {
  const said = (request: string) =>
    new Promise<string>((resolve, failed) => {
      let text = '';
      const socket = connect(server.port, '127.0.0.1', () => socket.write(request));
      socket.on('data', (data) => {
        text += data;
        if (text.includes('\r\n\r\n')) socket.destroy();
      });
      socket.on('close', () => resolve(text));
      socket.on('error', failed);
    });
  const host = 'archive.ubuntu.com';
  expect(
    await said(`GET http://${host}/ubuntu/dists/focal/InRelease HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
  ).toMatch(/^HTTP\/1.1 503 /);
  expect(await said(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).toMatch(/^HTTP\/1.1 503 /);
});
