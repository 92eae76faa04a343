import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { paths } from '../../../pipeline/maas/rehearse/identity.ts';
import { kernelLine, type MachineRequest, machineArgv } from '../../../pipeline/maas/rehearse/machine.ts';
import { type RunMachine, rehearse } from '../../../pipeline/maas/rehearse/rehearse.ts';
import type { RehearseRequest } from '../../../pipeline/maas/rehearse/types.ts';
import { event, Node } from './node.ts';

/** Real ones where the environment names them, separated by colons; else a stand-in of curtin's interface. */
const CURTINS = (
  process.env.DGXOS_MAAS_CURTIN || join(import.meta.dirname, '../../fixtures/stand-in-curtin')
).split(':');

let folder: string;
let events: Event[];
let abort: AbortController;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rehearse-'));
  events = [];
  abort = new AbortController();
  for (const name of ['kernel', 'initrd', 'squashfs', 'demo.tar.gz']) writeFileSync(join(folder, name), name);
});
afterEach(() => abort.abort());

const request = (more: Partial<RehearseRequest> = {}): RehearseRequest => ({
  artifact: join(folder, 'demo.tar.gz'),
  baseImage: 'ubuntu/focal',
  layout: 'flat',
  until: 'deployed',
  ...{ checks: null, shell: null, curtinConfig: null },
  disks: 1,
  diskBytes: null,
  memory: 3072,
  kernelOptions: '',
  curtin: [CURTINS[0]!],
  ephemeral: `kernel=${folder}/kernel,initrd=${folder}/initrd,squashfs=${folder}/squashfs`,
  accelerator: 'tcg',
  keep: false,
  cache: join(folder, 'cache'),
  emit: (one) => events.push(one),
  signal: abort.signal,
  ...more,
});

/** A stand-in of the VM: asks for what a machine asks for, and posts what curtin posts. */
const machine =
  (
    result: 'SUCCESS' | 'FAIL',
    log: string,
    seen: { request?: MachineRequest; installer?: string } = {},
  ): RunMachine =>
  async (asked) => {
    seen.request = asked;
    const { identity } = asked;
    const at = paths(identity);
    const preseed = await (await new Node(identity, {} as never).get(`${at.byId}?op=get_preseed`)).text();
    const maas = parse(preseed).datasource.MAAS;
    const keys = { consumerKey: maas.consumer_key, tokenKey: maas.token_key, tokenSecret: maas.token_secret };
    const node = new Node(identity, keys);
    seen.installer = await (await node.signed(`${at.curtin}/2012-03-01/user-data`)).text();
    await node.signed(at.status, event('start', 'cmd-install'));
    await node.signed(at.status, event('start', 'cmd-install/stage-extract'));
    expect(await (await node.get(at.image('root.tgz'))).text()).toBe('demo.tar.gz');
    if (result === 'FAIL')
      await node.signed(at.status, event('finish', 'cmd-install/stage-extract', { result }));
    else
      await fetch(`${identity.origin.replace('10.0.2.2', '127.0.0.1')}${at.byId}`, {
        method: 'POST',
        body: 'op=netboot_off',
      });
    const content = Buffer.from(`${log}\n${keys.tokenSecret}\n`).toString('base64');
    const files = [
      { path: '/tmp/install.log', encoding: 'base64', content },
      { path: '../../../outside', encoding: 'base64', content },
    ];
    await node.signed(at.status, event('finish', 'cmd-install', { result, files }));
    return { failed: null };
  };

test.each(CURTINS)('an image that %s installs is deployed; nothing of the machine stays', async (curtin) => {
  const seen: { request?: MachineRequest; installer?: string } = {};
  const result = await rehearse(request({ curtin: [curtin] }), machine('SUCCESS', 'all went well', seen));
  expect(result).toMatchObject({ ok: true, failure: null, layout: 'flat', ephemeral: { kind: 'own' } });
  expect(result.phases.map(({ phase }) => phase)).toEqual(['power-on', 'ephemeral', 'extract', 'end']);
  expect(seen.installer).toMatch(/^#!\/bin\//);
  expect(readdirSync(result.folder).sort()).toEqual([
    'console.log',
    'events.ndjson',
    'install.log',
    'rehearsal.json',
  ]);
  expect(JSON.parse(readFileSync(join(result.folder, 'rehearsal.json'), 'utf8'))).toMatchObject({ ok: true });
  expect(existsSync(join(folder, 'outside'))).toBe(false);
});

test('one that fails says where and why, with the end of curtin’s log', async () => {
  const result = await rehearse(request(), machine('FAIL', 'tar: Unexpected EOF in archive'));
  expect(result).toMatchObject({
    ok: false,
    failure: {
      phase: 'extract',
      cause: expect.stringContaining('damaged'),
      log: { name: 'install.log', lines: ['tar: Unexpected EOF in archive', '***'] },
    },
  });
});

test('keys and ids of the machine are in no file that stays, no event, and no command line', async () => {
  const seen: { request?: MachineRequest } = {};
  const result = await rehearse(request({ keep: true }), machine('SUCCESS', 'log', seen));
  const { identity } = seen.request!;
  const written = readdirSync(result.folder)
    .filter((name) => !/\.raw$|\.fd$/.test(name))
    .map((name) => readFileSync(join(result.folder, name), 'utf8'));
  for (const text of [...written, JSON.stringify(events), machineArgv(seen.request!).join(' ')]) {
    expect(text).not.toContain(identity.systemId);
    expect(text).not.toContain(identity.images);
  }
  expect(kernelLine(seen.request!)).toContain(identity.systemId);
  expect(statSync(join(result.folder, 'install.log')).mode & 0o077).toBe(0);
});

describe('the kernel line', () => {
  const line = async (more: Partial<RehearseRequest>, lean = false) => {
    const seen: { request?: MachineRequest } = {};
    await rehearse(request(more), machine('SUCCESS', '', seen));
    const asked = seen.request!;
    return kernelLine(lean ? { ...asked, ephemeral: { ...asked.ephemeral, disk: '/x' } } : asked);
  };

  // As MAAS' rack gives it to a machine (reference: kernel options of provisioningserver/kernel_opts.py).
  test("is MAAS' own for an ephemeral of MAAS", async () => {
    expect(await line({ kernelOptions: 'iommu=pt' })).toMatch(
      /^nomodeset root=squash:http:\/\/10\.0\.2\.2:\d+\/images\/\w+\/squashfs ip=::::rehearsal:BOOTIF:dhcp ip6=off cc:\{'datasource_list': \['MAAS'\]\}end_cc .*cloud-config-url=\S+\?op=get_preseed ro overlayroot=tmpfs overlayroot_cfgdisk=disabled BOOTIF=01-52-54-00-da-60-01 --- console=ttyS0 iommu=pt$/,
    );
  });

  test('leads the lean one to its disk', async () => {
    expect(await line({}, true)).toMatch(
      / boot=live live-media=\/dev\/disk\/by-label\/rehearsal .* --- console=ttyS0$/,
    );
  });
});

describe('missing prerequisites', () => {
  const idle: RunMachine = () => Promise.reject(new Error('no machine is started'));
  test.each([
    [{ curtin: [] }, 'CURTIN_MISSING'],
    [{ curtin: ['/nowhere'] }, 'CURTIN_MISSING'],
    [{ curtin: [import.meta.dirname] }, 'CURTIN_MISSING'],
    [{ ephemeral: 'kernel=/nowhere,initrd=/nowhere,squashfs=/nowhere' }, 'EPHEMERAL_UNUSABLE'],
    [{ ephemeral: 'kernel=/nowhere' }, 'USAGE'],
    [{ ephemeral: 'constructor=x,kernel=a,initrd=b,squashfs=c' }, 'USAGE'],
    [{ artifact: '/nowhere' }, 'PATH_UNUSABLE'],
    [{ artifact: '/' }, 'PATH_UNUSABLE'],
  ])('%j: %s', async (more, code) => {
    await expect(rehearse(request(more), idle)).rejects.toMatchObject({ code });
  });
});

test('QEMU that ends by an error gives no verdict on the image', async () => {
  const broken: RunMachine = async () => ({ failed: 'cannot set up guest memory' });
  await expect(rehearse(request(), broken)).rejects.toMatchObject({
    code: 'REHEARSAL_STOPPED',
    exitCode: 75,
  });
});

test('an interrupted rehearsal leaves neither disks nor the configuration of the machine', async () => {
  const waiting: RunMachine = (_, { signal }) =>
    new Promise((_resolve, rejected) => {
      signal.addEventListener('abort', () => rejected(signal.reason), { once: true });
      abort.abort();
    });
  await expect(rehearse(request(), waiting)).rejects.toThrow();
  const cache = join(folder, 'cache', 'rehearsals');
  const left = readdirSync(join(cache, readdirSync(cache)[0]!));
  expect(left.filter((name) => /\.raw$|\.fd$|\.conf$/.test(name))).toEqual([]);
});
