import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Fault } from '../../../pipeline/core/faults/fault.ts';
import { type MachineRequest, machineArgv, runMachine } from '../../../pipeline/maas/rehearse/machine.ts';
import { type Qmp, RehearsalHost } from './rehearsal-host.ts';

// QEMU is a stand-in here; the real one is asked in real-qemu.test.ts.

const CURTIN = join(import.meta.dirname, '../../fixtures/stand-in-curtin');
const ARGUMENTS = [
  ...['rehearse', 'demo.tar.gz', '--base-image', 'ubuntu/focal', '--accelerator', 'tcg', '--curtin', CURTIN],
  ...['--ephemeral', 'kernel=kernel,initrd=initrd,squashfs=squashfs'],
];
const DEPLOYED = [...ARGUMENTS, '--until', 'deployed'];

/** A machine that is deployed in a folder. */
const standInRequest = (folder: string): MachineRequest => ({
  folder,
  identity: {
    ...{ origin: 'http://10.0.2.2:1', systemId: 'id', images: 'im', hostname: 'rehearsal' },
    mac: '52:54:00:da:60:01',
  },
  ephemeral: { kind: 'own', name: 'x', kernel: '', initrd: '', squashfs: null, disk: null },
  ...{ artifact: null, kernelOptions: '', accelerator: 'tcg', memory: 64 },
  disks: [{ name: 'vda', serial: 'one', bytes: 64 << 20 }],
  firmware: { code: '', vars: '' },
});

let host: RehearsalHost;
beforeEach(() => {
  host = new RehearsalHost();
  onTestFinished(() => host.remove());
  writeFileSync(join(host.dir, 'demo.tar.gz'), 'demo.tar.gz');
});

const blockError = (data: Record<string, unknown> = {}) =>
  `${JSON.stringify({
    timestamp: { seconds: 1, microseconds: 2 },
    event: 'BLOCK_IO_ERROR',
    data: {
      ...{ device: 'vda', nospace: false, 'node-name': '#block1', reason: 'Disk quota exceeded' },
      ...{ operation: 'write', action: 'stop', ...data },
    },
  })}\r\n`;
const STOP = '{"timestamp": {"seconds": 1, "microseconds": 3}, "event": "STOP"}\r\n';

/** The rehearsal of a machine that would hang for ever in a place, by what the monitor says meanwhile. */
async function stopped(qmp: Omit<Qmp, 'machine'>): Promise<string> {
  host.guest('SUCCESS', 'all went well', 'extract');
  host.monitor({ machine: 'ephemeral', ...qmp });
  const { code, stdout, stderr } = await host.run(DEPLOYED);
  expect(stdout, stderr).toContain('[REHEARSAL_STOPPED]');
  expect(code).toBe(75);
  return stdout;
}

it('a disk that cannot be written is the host’s fault: it is named with its file and the remedy, and nothing is left', async () => {
  const said = await stopped({ chunks: [blockError() + STOP] });
  expect(said).toContain("This host cannot write the machine's disk vda: Disk quota exceeded");
  expect(said).toMatch(/its file: \S+\/vda\.qcow2/);
  expect(said).toContain('quota -s');
  expect(host.machines()).toBe(1);
  const all = join(host.dir, 'cache/dgxos-maas/rehearsals');
  expect(readdirSync(join(all, readdirSync(all)[0]!))).not.toContain('vda.qcow2');
});

/** The fault that stops a machine which would hang for ever, by the words of its monitor. */
async function faultOf(qmp: Omit<Qmp, 'machine'>): Promise<Fault> {
  host.guest('SUCCESS', '', 'power-on');
  host.monitor({ machine: 'ephemeral', ...qmp });
  const ending = new AbortController();
  const request = standInRequest(host.dir);
  const argv: [string, ...string[]] = [host.qemu, ...machineArgv(request).slice(1)];
  const onStopped = (fault: Fault) => ending.abort(fault);
  const over = runMachine(request, { emit() {}, signal: ending.signal, onStopped }, argv);
  return over.then(
    ({ failed }) => expect.fail(`it ended by itself: ${failed}`),
    (error: Fault) => error,
  );
}

describe('an event is understood', () => {
  const event = blockError();
  const full = [{ device: 'vda', 'io-status': 'nospace' }];
  it.each<[string, Omit<Qmp, 'machine'>]>([
    ['in pieces', { chunks: [event.slice(0, 7), event.slice(7, 120), event.slice(120)] }],
    [
      'after another one in the same piece',
      { chunks: [blockError({ action: 'report', device: 'vdb' }) + event] },
    ],
    ['before the greeting is answered', { early: event }],
    [
      'after a flood of others',
      { chunks: [blockError({ action: 'report', operation: 'read' }).repeat(20_000), event] },
    ],
    ['where STOP comes alone', { chunks: [STOP.repeat(100)], status: 'io-error', drives: full }],
    ['where it was before the monitor was asked', { status: 'io-error', drives: full }],
  ])('%s', async (_, qmp) => {
    const fault = await faultOf(qmp);
    expect(fault).toMatchObject({ code: 'REHEARSAL_STOPPED', exitCode: 75 });
    expect(fault.message).toMatch(
      /cannot (?:write|use) the machine's disk vda: (?:Disk quota exceeded|No space left on device)$/,
    );
  });
});

it('variables of the firmware that cannot be written are named, though QEMU does not stop for them', async () => {
  const ending = new AbortController();
  const onStopped = (fault: Fault) => ending.abort(fault);
  const request = standInRequest(host.dir);
  // As QEMU 7.2 prints it, with OVMF and an error of the file.
  const says = 'echo "qemu-system-x86_64: Could not update PFLASH: Disk quota exceeded" >&2; sleep 60';
  const over = runMachine(request, { emit() {}, signal: ending.signal, onStopped }, ['sh', '-c', says]);
  await expect(over).rejects.toMatchObject({
    code: 'REHEARSAL_STOPPED',
    message: "This host cannot write the variables of the machine's firmware: Disk quota exceeded",
    detail: expect.stringContaining('efi'),
  });
});

it('QEMU’s words are foreign text', async () => {
  const reason = `\u001b[2J\n::error::owned\u202e${'x'.repeat(5000)}`;
  const said = await stopped({ chunks: [blockError({ reason, device: 'vda\u0007\n::error::' })] });
  expect(said).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
  expect(said).not.toMatch(/^::error/m);
  expect(said).toContain('\\n::error::owned\\u202exxx');
  expect(said.length).toBeLessThan(3000);
});

it('a disk of the installed system is named with what it is on', async () => {
  host.guest('SUCCESS', 'all went well', 'result');
  host.monitor({
    machine: 'disk',
    chunks: [blockError({ operation: 'read', reason: 'Input/output error' })],
  });
  const { code, stdout } = await host.run(ARGUMENTS);
  expect(stdout).toContain("This host cannot read the machine's disk vda: Input/output error");
  expect(stdout).toMatch(/its file: \S+\/vda\.boot\.qcow2\n\s+on top of: \S+\/vda\.qcow2/);
  expect(code).toBe(75);
  expect(host.machines()).toBe(2);
});
