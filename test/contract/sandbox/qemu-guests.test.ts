import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { qemuGuests } from '../../../pipeline/cli/qemu-guests.ts';
import { loadConfig } from '../../../pipeline/config/load.ts';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import type { Sandbox } from '../../../sandbox/server.ts';
import { freePort } from '../acceptance/free-port.ts';
import { type Boot, type Deployment, type Seen, standIn } from '../rehearse/stand-in.ts';
import { keyPair } from '../ssh/key-pair.ts';
import { call, create, put, sandbox } from './client.ts';
import { Handle } from './machines.ts';

// The machine is a stand-in that asks and posts what curtin and cloud-init do; docs/acceptance.md names the way with QEMU and curtin.

const CURTIN = join(import.meta.dirname, '../../fixtures/stand-in-curtin');
const GOOD: Deployment = { result: 'SUCCESS', log: 'all went well' };

const BROKEN = new Fault('REHEARSAL_STOPPED', "This host cannot write the machine's disk vda: quota");

let folder: string;
let events: Event[];
let seen: Seen;
const over = new AbortController();
const machines = () => join(folder, 'machines');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qemu-guests-'));
  events = [];
  for (const name of ['kernel', 'initrd', 'squashfs']) writeFileSync(join(folder, name), name);
});

async function start(deployment = GOOD, boot: Boot = {}): Promise<{ maas: Sandbox; gpu: Handle }> {
  const file = join(folder, 'dgxos-maas.yaml');
  writeFileSync(
    file,
    `images: {}\ncache: cache\nrehearsal:\n  curtin: ${CURTIN}\n  accelerator: tcg\n  ephemeral: { kernel: kernel, initrd: initrd, squashfs: squashfs }\n`,
  );
  const { config } = await loadConfig({ file, env: {}, cwd: folder });
  const stand = standIn(deployment, boot);
  seen = stand.seen;
  const options = { config, dir: machines(), port: await freePort(), env: {}, signal: over.signal };
  const guests = qemuGuests({ ...options, emit: (event) => void events.push(event) }, stand.run);
  const maas = await sandbox({ dir: join(folder, 'maas'), guests, machines: 1, speed: 1000 });
  return { maas, gpu: new Handle(maas) };
}

/** A machine that is Ready, and an image. */
async function ready({ maas, gpu }: { maas: Sandbox; gpu: Handle }): Promise<void> {
  const content = Buffer.from('demo.tar.gz');
  const { uri } = await create(maas, content, { name: 'custom/demo', base_image: 'ubuntu/focal' });
  await put(maas, uri, content);
  await call(maas, 'POST', 'account/prefs/sshkeys/', { form: { key: keyPair().public } });
  await gpu.op('commission');
  await until(gpu, 'Ready');
}

async function until(gpu: Handle, ...states: string[]): Promise<string> {
  for (;;) {
    const { status_name: state } = await gpu.get();
    if (states.includes(state)) return state;
    if (/^Failed/.test(state)) throw new Error(`${state}: ${JSON.stringify(events)}`);
    await sleep(20);
  }
}

const deploy = async (gpu: Handle) => {
  expect((await gpu.op('deploy', { distro_series: 'custom/demo' })).status).toBe(200);
};

/** The first bytes that a server at an address sends; empty when it sends none. */
const greeting = (address: string, port: number) =>
  new Promise<string>((done) => {
    const socket = connect(port, address);
    socket.on('data', (bytes) => {
      done(bytes.toString());
      socket.destroy();
    });
    socket.on('error', () => done(''));
    socket.on('close', () => done(''));
  });

function sshOf(maas: Sandbox): { address: string; port: number | null } {
  const [{ address, port } = {}] = maas.control.machines();
  return { address: address as string, port: port ?? null };
}

async function answers({ maas, gpu }: { maas: Sandbox; gpu: Handle }): Promise<void> {
  for (;;) {
    // Time passes in a sandbox when it is asked.
    await gpu.get();
    const { address, port } = sshOf(maas);
    if (port !== null && (await greeting(address, port)).startsWith('SSH-2.0-')) return;
    await sleep(50);
  }
}

test('curtin installs, MAAS follows its events, and the machine is Deployed when it asks for its user data', async () => {
  const { maas, gpu } = await start();
  await ready({ maas, gpu });
  await deploy(gpu);
  await until(gpu, 'Deployed');
  const log = (await gpu.events()).map(({ type }) => type);
  const order = ['Performing PXE boot', 'Loading ephemeral', 'Installing OS', 'Rebooting', 'Deployed'];
  expect(log.slice(log.lastIndexOf('Deploying')).filter((one) => order.includes(one))).toEqual(order);
  expect(seen.machines).toEqual(['ephemeral', 'disk']);
  expect(seen.request?.identity.hostname).toBe('gpu-001');
  await answers({ maas, gpu });
});

test('release ends the machine, deletes its disks and frees its port; the next deployment begins anew', async () => {
  const { maas, gpu } = await start();
  await ready({ maas, gpu });
  await deploy(gpu);
  await until(gpu, 'Deployed');
  const { address, port } = sshOf(maas);
  expect(readdirSync(join(machines(), gpu.id))).toContain('vda.qcow2');
  await gpu.op('release');
  await until(gpu, 'Ready');
  while (existsSync(join(machines(), gpu.id))) await sleep(20);
  expect(await greeting(address, port!)).toBe('');
  await deploy(gpu);
  await until(gpu, 'Deployed');
  expect(seen.machines).toEqual(['ephemeral', 'disk', 'ephemeral', 'disk']);
});

test('a machine that is turned off and on boots what was installed, also after a restart of the sandbox', async () => {
  const { maas, gpu } = await start();
  await ready({ maas, gpu });
  await deploy(gpu);
  await until(gpu, 'Deployed');
  await answers({ maas, gpu });
  await gpu.op('power_off');
  while (maas.control.machines()[0]?.powered) await gpu.get();
  await gpu.op('power_on');
  await answers({ maas, gpu });
  expect(seen.machines).toEqual(['ephemeral', 'disk', 'disk']);
  await maas.close();
  const again = await start();
  await answers(again);
  expect(seen.machines).toEqual(['disk']);
});

test.each<[string, Deployment, Boot]>([
  ['curtin that fails', { result: 'FAIL', log: 'no space left' }, {}],
  ['a system that does not ask for its user data', GOOD, { asks: false }],
  ['a system that turns itself off', GOOD, { asks: false, ends: false, off: true }],
])('%s is a failed deployment', async (_, deployment, boot) => {
  const { maas, gpu } = await start(deployment, boot);
  await ready({ maas, gpu });
  await deploy(gpu);
  expect(await until(gpu, 'Failed deployment', 'Deployed')).toBe('Failed deployment');
  expect(events).toContainEqual(expect.objectContaining({ message: expect.stringContaining('gpu-001: ') }));
  if (deployment.result === 'SUCCESS') return;
  const results = (await call(maas, 'GET', `nodes/${gpu.id}/results/?type=installation&include_output=true`))
    .json;
  const output = Buffer.from(results[0].results[0].output, 'base64').toString();
  expect(output).toContain('no space left');
});

test.each<[string, Deployment, Boot]>([
  ['while curtin unpacks', { ...GOOD, stops: BROKEN }, {}],
  ['in the first boot', GOOD, { stops: BROKEN }],
])('a disk of the host that fails %s is a failed deployment with that cause', async (_, deployment, boot) => {
  const { maas, gpu } = await start(deployment, boot);
  await ready({ maas, gpu });
  await deploy(gpu);
  expect(await until(gpu, 'Failed deployment', 'Deployed')).toBe('Failed deployment');
  expect(events).toContainEqual(expect.objectContaining({ message: `gpu-001: ${BROKEN.message}` }));
  const path = `nodes/${gpu.id}/results/?type=installation&include_output=true`;
  const [{ results = [] } = {}] = (await call(maas, 'GET', path)).json;
  const output = Buffer.from(results[0]?.output ?? '', 'base64').toString();
  const said = `${output}\n${JSON.stringify(await gpu.events())}`;
  expect(said).toContain(BROKEN.message);
});

test('a deployed machine whose disk fails no longer answers, and says why', async () => {
  const { maas, gpu } = await start();
  await ready({ maas, gpu });
  await deploy(gpu);
  await until(gpu, 'Deployed');
  await answers({ maas, gpu });
  const { address, port } = sshOf(maas);
  seen.stop?.(BROKEN);
  const said = () => events.some((one) => 'message' in one && one.message === `gpu-001: ${BROKEN.message}`);
  while (!said()) await sleep(20);
  while ((await greeting(address, port!)) !== '') await sleep(20);
});

test('abort in the middle ends the machine', async () => {
  const { maas, gpu } = await start(GOOD, { asks: false, ends: false });
  await ready({ maas, gpu });
  await deploy(gpu);
  while (seen.machines.length < 2) await until(gpu, 'Deploying').then(() => sleep(20));
  await gpu.op('abort');
  expect(await until(gpu, 'Allocated')).toBe('Allocated');
});
