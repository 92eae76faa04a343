import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { paths } from '../../../pipeline/maas/rehearse/identity.ts';
import { kernelLine, machineArgv, type RunMachine } from '../../../pipeline/maas/rehearse/machine.ts';
import type { RehearseRequest } from '../../../pipeline/maas/rehearse/types.ts';
import { rehearsalFiles } from '../../../pipeline/workspace/layout.ts';
import { Node } from './node.ts';
import { rehearsalFolder, rehearse, requestIn } from './rehearse-once.ts';
import { type Seen, standIn } from './stand-in.ts';

/** Real ones where the environment names them, separated by colons; else a stand-in of curtin's interface. */
const CURTINS = (
  process.env.DGXOS_MAAS_CURTIN || join(import.meta.dirname, '../../fixtures/stand-in-curtin')
).split(':');

let folder: string;
let events: Event[];
let abort: AbortController;

beforeEach(() => {
  folder = rehearsalFolder('rehearse-');
  events = [];
  abort = new AbortController();
});
afterEach(() => abort.abort());

const request = (more: Partial<RehearseRequest> = {}): RehearseRequest =>
  requestIn(folder, {
    until: 'deployed',
    curtin: { from: 'folder', path: CURTINS[0]! },
    emit: (one) => events.push(one),
    signal: abort.signal,
    ...more,
  });

/** A machine that curtin installs, and that is not booted. */
const machine = (result: 'SUCCESS' | 'FAIL', log: string, seen: Partial<Seen> = {}): RunMachine => {
  const made = standIn({ result, log });
  return (asked, options) => made.run(asked, options).finally(() => Object.assign(seen, made.seen));
};

test.each(CURTINS)('an image that %s installs is deployed; nothing of the machine stays', async (curtin) => {
  const seen: Partial<Seen> = {};
  const result = await rehearse(
    request({ curtin: { from: 'folder', path: curtin } }),
    machine('SUCCESS', 'all went well', seen),
  );
  expect(result).toMatchObject({ ok: true, failure: null, layout: 'flat', ephemeral: { kind: 'own' } });
  expect(result.phases.map(({ phase }) => phase)).toEqual(['power-on', 'ephemeral', 'extract', 'end']);
  expect(seen.installer).toMatch(/^#!\/bin\//);
  expect(readdirSync(result.folder).sort()).toEqual([
    'console.log',
    'deployed.json',
    'efi-variables.fd',
    'events.ndjson',
    'install.log',
    'rehearsal.json',
    'vda.qcow2',
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

test('keys and ids of the machine are in no file that stays but what is deployed, no event, and no command line', async () => {
  const seen: Partial<Seen> = {};
  const result = await rehearse(request({ keep: true }), machine('SUCCESS', 'log', seen));
  const { identity } = seen.request!;
  const written = readdirSync(result.folder)
    .filter((name) => !/\.qcow2$|\.fd$|^deployed\.json$|^ssh$/.test(name))
    .map((name) => readFileSync(join(result.folder, name), 'utf8'));
  for (const text of [...written, JSON.stringify(events), machineArgv(seen.request!).join(' ')]) {
    expect(text).not.toContain(identity.systemId);
    expect(text).not.toContain(identity.images);
  }
  expect(kernelLine({ ...seen.request!, ephemeral: seen.request!.ephemeral! })).toContain(identity.systemId);
  for (const name of ['install.log', 'deployed.json'])
    expect(statSync(join(result.folder, name)).mode & 0o077).toBe(0);
});

describe('the kernel line', () => {
  const line = async (more: Partial<RehearseRequest>, lean = false) => {
    const seen: Partial<Seen> = {};
    await rehearse(request(more), machine('SUCCESS', '', seen));
    const asked = seen.request!;
    const ephemeral = asked.ephemeral!;
    return kernelLine({ ...asked, ephemeral: lean ? { ...ephemeral, disk: '/x' } : ephemeral });
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
  test.each<[Partial<RehearseRequest>, string]>([
    [{ curtin: null }, 'CURTIN_MISSING'],
    [{ curtin: { from: 'folder', path: '/nowhere' } }, 'CURTIN_MISSING'],
    [{ curtin: { from: 'folder', path: import.meta.dirname } }, 'CURTIN_MISSING'],
    [{ ephemeral: { kernel: '/nowhere', initrd: '/nowhere', squashfs: '/nowhere' } }, 'EPHEMERAL_UNUSABLE'],
    [{ artifact: '/nowhere' }, 'PATH_UNUSABLE'],
    [{ artifact: '/' }, 'PATH_UNUSABLE'],
  ])('%j: %s', async (more, code) => {
    await expect(rehearse(request(more), idle)).rejects.toMatchObject({ code });
  });
});

test('a curtin without what the hooks of images call is refused before a machine starts', async () => {
  const old = join(folder, 'curtin-18.1');
  cpSync(join(import.meta.dirname, '../../fixtures/stand-in-curtin'), old, { recursive: true });
  mkdirSync(join(old, 'curtin/commands'), { recursive: true });
  const path = join(old, 'curtin/commands/curthooks.py');
  writeFileSync(path, 'def curthooks(args):\n    pass\n');
  const idle: RunMachine = () => Promise.reject(new Error('no machine is started'));
  const asked = request({ curtin: { from: 'folder', path: old } });
  await expect(rehearse(asked, idle)).rejects.toMatchObject({
    code: 'CURTIN_MISSING',
    exitCode: 4,
    message: `The curtin in ${old} is too old: it has no builtin_curthooks`,
    hint: expect.stringContaining('from 18.2 on'),
  });
  writeFileSync(path, 'def builtin_curthooks(cfg, target, state):\n    pass\n');
  expect(await rehearse(asked, machine('SUCCESS', 'log'))).toMatchObject({ ok: true });
});

describe('an ephemeral that does not come up is the host’s fault, not the image’s', () => {
  const console = ({ folder: at }: { folder: string }, text: string) =>
    writeFileSync(rehearsalFiles(at).rawConsole, text);
  const until = (signal: AbortSignal) =>
    new Promise<never>((_resolve, rejected) =>
      signal.addEventListener('abort', () => rejected(signal.reason), { once: true }),
    );

  test.each<[string, RunMachine, RegExp]>([
    [
      'a kernel that panics and stands still',
      (asked, { signal }) => {
        console(asked, 'VFS: Unable to mount root fs\nKernel panic - not syncing: VFS\n');
        return until(signal);
      },
      /does not come up: Kernel panic - not syncing: VFS$/,
    ],
    [
      'an initrd that starts a shell',
      (asked, { signal }) => {
        console(asked, '\u001b[1mBusyBox v1.36.1 (Debian) built-in shell (ash)\n');
        return until(signal);
      },
      /does not come up: BusyBox/,
    ],
    [
      'a system that turns itself off',
      async (asked) => {
        console(asked, 'reboot: Power down\n');
        return { failed: null };
      },
      /ended before it has asked for its preseed$/,
    ],
    [
      'a system that fetches its preseed and nothing more',
      async ({ identity }) => {
        const at = paths(identity);
        await new Node(identity, {} as never).get(`${at.byId}?op=get_preseed`);
        return { failed: null };
      },
      /ended before curtin has begun$/,
    ],
  ])('%s', async (_how, run, message) => {
    await expect(rehearse(request(), run)).rejects.toMatchObject({
      ...{ code: 'EPHEMERAL_UNUSABLE', exitCode: 4, message: expect.stringMatching(message) },
      hint: expect.stringContaining('kernel, initrd and squashfs belong together'),
    });
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
  expect(left.filter((name) => /\.qcow2$|\.fd$|\.conf$/.test(name))).toEqual([]);
});
