import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { $ } from '../../../pipeline/host/process/tool.ts';
import type { MachineRequest, RunMachine } from '../../../pipeline/maas/rehearse/machine.ts';
import type { RehearseRequest } from '../../../pipeline/maas/rehearse/types.ts';
import { rehearsalFiles } from '../../../pipeline/workspace/layout.ts';
import { rehearsalFolder, rehearse, rehearseAll, requestIn } from './rehearse-once.ts';
import { type Deployment, standIn } from './stand-in.ts';

const CURTIN = (
  process.env.DGXOS_MAAS_CURTIN || join(import.meta.dirname, '../../fixtures/stand-in-curtin')
).split(':')[0]!;

let folder: string;
let events: Event[];
let abort: AbortController;

beforeEach(() => {
  folder = rehearsalFolder('redeploy-');
  events = [];
  abort = new AbortController();
});
afterEach(() => abort.abort());

const request = (more: Partial<RehearseRequest> = {}): RehearseRequest =>
  requestIn(folder, {
    until: 'accepted',
    curtin: { from: 'folder', path: CURTIN },
    emit: (one) => events.push(one),
    signal: abort.signal,
    env: { XDG_STATE_HOME: join(folder, 'state') },
    ...more,
  });

interface Machine {
  kind: 'ephemeral' | 'disk';
  folder: string;
  disks: string[];
  /** Files that the first disk is an overlay on, the nearest first. */
  below: string[];
  variables: string;
}

/** A machine that writes its name into its firmware's variables, and notes what it was started with. */
function noting(ends: Deployment[] = []) {
  const made = standIn({ result: 'SUCCESS', log: 'all went well' });
  const machines: Machine[] = [];
  let deployments = 0;
  const run: RunMachine = async (asked, options) => {
    machines.push(await machineOf(asked));
    const { efiVars, bootVars } = rehearsalFiles(asked.folder);
    writeFileSync(asked.ephemeral ? efiVars : bootVars, `machine ${machines.length}`);
    if (!asked.ephemeral) return made.run(asked, options);
    const end = ends[deployments++];
    return (end ? standIn(end) : made).run(asked, options);
  };
  return { run, machines, seen: made.seen };
}

async function machineOf({ folder: own, ephemeral, disks }: MachineRequest): Promise<Machine> {
  const files = rehearsalFiles(own);
  const path = (name: string) => (ephemeral ? files.disk(name) : files.overlay(name));
  const info = { signal: abort.signal, reason: 'read a disk' };
  const below: string[] = [];
  for (let at = path('vda'); ; at = below.at(-1)!) {
    const { stdout } = await $(info)`qemu-img info --output=json ${at}`;
    const base: string | undefined = JSON.parse(stdout)['backing-filename'];
    if (base === undefined) break;
    below.push(resolve(dirname(at), base));
  }
  return {
    kind: ephemeral ? 'ephemeral' : 'disk',
    folder: own,
    disks: disks.map(({ name }) => name),
    below,
    variables: readFileSync(ephemeral ? files.efiVars : files.bootVars, 'utf8'),
  };
}

test('a machine is deployed again on the disks and variables that it has used, with new keys', async () => {
  const { run, machines, seen } = noting();
  const [first, second, ...more] = await rehearseAll(request({ redeploy: ['same'] }), run);
  expect(more).toEqual([]);
  expect(first).toMatchObject({ ok: true, layout: 'flat', after: [] });
  expect(second).toMatchObject({ ok: true, layout: 'flat', after: ['flat'], deployedBefore: null });
  expect(second!.phases.map(({ phase }) => phase)).toEqual(first!.phases.map(({ phase }) => phase));
  expect(machines.map(({ kind }) => kind)).toEqual(['ephemeral', 'disk', 'ephemeral', 'disk']);
  const [before, after] = seen.keys;
  for (const name of ['consumerKey', 'tokenKey', 'tokenSecret'] as const)
    expect(after![name]).not.toBe(before![name]);
  const { overlay, disk } = rehearsalFiles(first!.folder);
  // The second one is on all that the first boot has written, and the kept deployment stays as it is.
  expect(machines[2]).toMatchObject({ below: [overlay('vda'), disk('vda')], variables: 'machine 2' });
  expect(machines[3]).toMatchObject({
    below: [rehearsalFiles(second!.folder).disk('vda'), overlay('vda'), disk('vda')],
    variables: 'machine 3',
  });
});

test('several layouts follow each other, on a machine that has the disks of all', async () => {
  const { run, machines } = noting();
  const results = await rehearseAll(request({ layout: 'lvm', redeploy: ['raid1', 'flat'] }), run);
  expect(results.map(({ layout, after }) => [layout, after])).toEqual([
    ['lvm', []],
    ['raid1', ['lvm']],
    ['flat', ['lvm', 'raid1']],
  ]);
  expect(machines.map(({ disks }) => disks.length)).toEqual([2, 2, 2, 2, 2, 2]);
  expect(machines.map(({ below }) => below.length)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(new Set(results.map((one) => one.folder)).size).toBe(3);
});

test('each deployment keeps its own logs; of the used machine nothing stays', async () => {
  const { run } = noting();
  const [first, second] = await rehearseAll(request({ redeploy: ['lvm'] }), run);
  expect(readdirSync(second!.folder).sort()).toEqual([
    ...['boot.log', 'console.log', 'events.ndjson', 'install.log', 'rehearsal.json', 'screen.png'],
  ]);
  expect(
    readdirSync(first!.folder)
      .filter((name) => /\.qcow2$|\.fd$/.test(name))
      .sort(),
  ).toEqual([...['efi-variables.fd', 'vda.qcow2']]);
  const { layout, after } = JSON.parse(readFileSync(join(second!.folder, 'rehearsal.json'), 'utf8'));
  expect([layout, after]).toEqual(['lvm', ['flat']]);
});

test('it begins with the kept disks of an earlier rehearsal, which stay as they are', async () => {
  await rehearse(request(), noting().run);
  for (let times = 0; times < 2; times++) {
    const { run, machines } = noting();
    const [first, second] = await rehearseAll(request({ redeploy: ['lvm'] }), run);
    expect(first).toMatchObject({ ok: true, deployedBefore: { at: expect.stringMatching(/^20/) } });
    expect(second).toMatchObject({ ok: true, layout: 'lvm', deployedBefore: null });
    expect(machines.map(({ kind }) => kind)).toEqual(['disk', 'ephemeral', 'disk']);
  }
});

test('after one that fails there is no other', async () => {
  const { run, machines } = noting([
    { result: 'SUCCESS', log: '' },
    { result: 'FAIL', log: 'tar: Unexpected EOF in archive' },
  ]);
  const results = await rehearseAll(request({ until: 'deployed', redeploy: ['same', 'lvm'] }), run);
  expect(results.map(({ ok, failure }) => [ok, failure?.phase])).toEqual([
    [true, undefined],
    [false, 'extract'],
  ]);
  // Without a first boot the disks are as curtin left them.
  expect(machines[1]!.below).toEqual([rehearsalFiles(results[0]!.folder).disk('vda')]);
});

test('a fault of the host in the second deployment leaves the result of the first', async () => {
  const { run } = noting();
  let machines = 0;
  const results: boolean[] = [];
  const { rehearse: turns } = await import('../../../pipeline/maas/rehearse/rehearse.ts');
  const breaks: RunMachine = (asked, options) =>
    ++machines === 3 ? Promise.resolve({ failed: 'no memory' }) : run(asked, options);
  const all = async () => {
    for await (const { ok } of turns(request({ redeploy: ['same'] }), breaks)) results.push(ok);
  };
  await expect(all()).rejects.toMatchObject({ code: 'REHEARSAL_STOPPED' });
  expect(results).toEqual([true]);
});

test('one that is interrupted in the second deployment leaves the kept disks of the first alone', async () => {
  const { run } = noting();
  let machines = 0;
  const waits: RunMachine = (asked, options) =>
    ++machines < 3
      ? run(asked, options)
      : new Promise((_resolve, rejected) => {
          options.signal.addEventListener('abort', () => rejected(options.signal.reason), { once: true });
          abort.abort();
        });
  await expect(rehearseAll(request({ redeploy: ['same'] }), waits)).rejects.toThrow();
  const rehearsals = join(folder, 'cache', 'rehearsals');
  const own = join(rehearsals, readdirSync(rehearsals)[0]!);
  const disks = readdirSync(own, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /qcow2|\.fd$/.test(name),
  );
  expect(disks.sort()).toEqual(['efi-variables.fd', 'vda.qcow2']);
});
