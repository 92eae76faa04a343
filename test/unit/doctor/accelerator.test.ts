import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { chooseAccelerator, type Host, kvmVerdict } from '../../../pipeline/host/accelerator.ts';

const VMX = 'processor : 0\nflags\t\t: fpu vme vmx ssse3\n';

/** A host of files: a processor, a device that opens, and a QEMU that does what the script says. */
function host(script: string, cpuinfo = VMX): Host {
  const dir = mkdtempSync(join(tmpdir(), 'dgxos-maas-kvm-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'cpuinfo'), cpuinfo);
  writeFileSync(join(dir, 'kvm'), '');
  writeFileSync(join(dir, 'qemu'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(dir, 'qemu'), 0o755);
  return {
    cpuinfo: join(dir, 'cpuinfo'),
    kvmDevice: join(dir, 'kvm'),
    qemu: join(dir, 'qemu'),
    waitMs: 1500,
  };
}

describe('KVM is usable', () => {
  it('when a VM says something; the VM is ended then', async () => {
    const started = performance.now();
    const verdict = await kvmVerdict(host('echo "SeaBIOS (version 1.16)"; exec sleep 30'));
    expect(verdict.usable).toBe(true);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('when the VM spoke and ended by itself', async () => {
    expect((await kvmVerdict(host('echo SeaBIOS'))).usable).toBe(true);
  });
});

describe('KVM is not usable', () => {
  it('without vmx and svm: nothing is started', async () => {
    const here = host('touch "$0.started"; echo SeaBIOS', 'flags : fpu svme-not vmxx\n');
    expect(await kvmVerdict(here)).toMatchObject({ usable: false, reason: expect.stringContaining('vmx') });
    expect(existsSync(`${here.qemu}.started`)).toBe(false);
  });

  it('when the device is not there', async () => {
    const verdict = await kvmVerdict({ ...host('echo SeaBIOS'), kvmDevice: '/nonexistent/kvm' });
    expect(verdict).toMatchObject({ usable: false, reason: expect.stringContaining('ENOENT') });
  });

  it('when the device opens and a VM hangs without a word', async () => {
    const verdict = await kvmVerdict(host('exec sleep 30'));
    expect(verdict).toMatchObject({ usable: false, reason: expect.stringContaining('prints nothing') });
  });

  it('when the VM aborts, whatever it complains of on stderr', async () => {
    const verdict = await kvmVerdict(host('echo "failed to set MSR" >&2; exit 134'));
    expect(verdict.usable).toBe(false);
  });

  it('when there is no QEMU to try it with', async () => {
    expect((await kvmVerdict({ ...host(''), qemu: '/nonexistent/qemu' })).usable).toBe(false);
  });

  it('an interruption ends the question', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 200);
    await expect(kvmVerdict(host('exec sleep 30'), abort.signal)).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});

describe('the choice', () => {
  it('emulation that was asked for asks nobody', async () => {
    const events: Event[] = [];
    const emit = (event: Event) => void events.push(event);
    expect(await chooseAccelerator('tcg', { emit })).toEqual({
      accelerator: 'tcg',
      reason: 'emulation was requested',
    });
    expect(events).toEqual([]);
  });

  it('auto falls back and says so once; kvm refuses on the same ground', async () => {
    const nowhere = { ...host(''), cpuinfo: '/nonexistent/cpuinfo' };
    const events: Event[] = [];
    const emit = (event: Event) => void events.push(event);
    const first = await chooseAccelerator('auto', { emit }, nowhere);
    expect(first.accelerator).toBe('tcg');
    expect(await chooseAccelerator('auto', { emit }, nowhere)).toEqual(first);
    expect(events).toMatchObject([{ type: 'notice', message: expect.stringContaining('No KVM') }]);
    await expect(chooseAccelerator('kvm', { emit }, nowhere)).rejects.toMatchObject({
      code: 'KVM_UNUSABLE',
      exitCode: 4,
    });
  });

  it('auto takes what works', async () => {
    const here = host('echo SeaBIOS');
    expect((await chooseAccelerator('auto', { emit: () => {} }, here)).accelerator).toBe('kvm');
  });
});

describe("a VM of another processor than the host's", () => {
  const architecture = process.arch === 'arm64' ? 'amd64' : 'arm64';

  it('is emulated, and KVM is not asked', async () => {
    const here = host('touch "$0.started"; echo SeaBIOS');
    const chosen = await chooseAccelerator('auto', { emit() {}, architecture }, here);
    expect(chosen).toEqual({ accelerator: 'tcg', reason: `${architecture} is emulated here` });
    expect(existsSync(`${here.qemu}.started`)).toBe(false);
  });

  it('with KVM asked for is refused', async () => {
    await expect(chooseAccelerator('kvm', { emit() {}, architecture })).rejects.toMatchObject({
      ...{ code: 'KVM_UNUSABLE', exitCode: 4, message: expect.stringContaining(architecture) },
    });
  });
});
