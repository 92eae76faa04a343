import { open, readFile } from 'node:fs/promises';
import type { Emit } from '../core/events/event.ts';
import { Fault } from '../core/faults/fault.ts';
import { HOST_ARCHITECTURE } from './architecture.ts';
import { supervise } from './process/supervise.ts';

export type Accelerator = 'kvm' | 'tcg';

/** The files by which this host shows its abilities; a test points elsewhere. */
export interface Host {
  cpuinfo: string;
  kvmDevice: string;
  qemu: string;
  /** Milliseconds in which a VM must have printed something. */
  waitMs: number;
}

const THIS_HOST: Host = {
  cpuinfo: '/proc/cpuinfo',
  kvmDevice: '/dev/kvm',
  qemu: 'qemu-system-x86_64',
  // With KVM the firmware speaks within a tenth of a second; the rest is for a busy host.
  waitMs: 8000,
};

interface Verdict {
  usable: boolean;
  reason: string;
  hint?: string;
}

const verdicts = new Map<Host, Promise<Verdict>>();

/**
 * The accelerator to build with, and why. `auto` takes KVM when it really works and says so when it does not; a host is
 * asked once in a process.
 * @throws Fault KVM_UNUSABLE when kvm is wanted and does not work
 */
export async function chooseAccelerator(
  wanted: 'auto' | Accelerator,
  {
    signal,
    emit,
    architecture = HOST_ARCHITECTURE,
  }: { signal?: AbortSignal; emit: Emit; architecture?: string },
  host: Host = THIS_HOST,
): Promise<{ accelerator: Accelerator; reason: string }> {
  if (architecture !== HOST_ARCHITECTURE) {
    if (wanted !== 'kvm') return { accelerator: 'tcg', reason: `${architecture} is emulated here` };
    throw new Fault(
      'KVM_UNUSABLE',
      `KVM is requested, and the VM is of ${architecture} on a host of ${HOST_ARCHITECTURE}`,
      {
        hint: 'Set `accelerator: tcg` to emulate it, which is several times slower, or build on such a host.',
      },
    );
  }
  if (wanted === 'tcg') return { accelerator: 'tcg', reason: 'emulation was requested' };
  const first = !verdicts.has(host);
  const { usable, reason, hint } = await kvmHere(signal, host);
  if (usable) return { accelerator: 'kvm', reason };
  if (wanted === 'kvm')
    throw new Fault('KVM_UNUSABLE', `KVM is requested and does not work on this host: ${reason}`, {
      hint: `${hint ? `${hint} Or set` : 'Set'} \`accelerator: auto\` to emulate, which is several times slower.`,
    });
  if (first)
    emit({
      type: 'notice',
      level: 'info',
      message: `No KVM (${reason}); the VM is emulated, which is several times slower`,
      ...(hint ? { hint } : {}),
    });
  return { accelerator: 'tcg', reason };
}

/** Whether KVM really works here; a host is asked once in a process. */
export function kvmHere(signal?: AbortSignal, host: Host = THIS_HOST): Promise<Verdict> {
  const verdict = verdicts.get(host) ?? kvmVerdict(host, signal);
  verdicts.set(host, verdict);
  // An interrupted question is asked again.
  verdict.catch(() => verdicts.delete(host));
  return verdict;
}

/**
 * Whether KVM really works. A device that opens proves nothing: there are hosts where it opens and a VM then hangs or
 * aborts. So: the processor has the extensions, the device may be written, and a VM's firmware says something.
 */
export async function kvmVerdict(host: Host = THIS_HOST, signal?: AbortSignal): Promise<Verdict> {
  const cpuinfo = await readFile(host.cpuinfo, 'utf8').catch(() => '');
  if (!/^flags\s*:.*\b(?:vmx|svm)\b/m.test(cpuinfo))
    return {
      usable: false,
      reason: 'the processor shows neither vmx nor svm',
      hint: 'Turn virtualisation on in the firmware, or nested virtualisation on the host of this VM.',
    };
  try {
    await (await open(host.kvmDevice, 'r+')).close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM')
      return {
        usable: false,
        reason: `no permission to open ${host.kvmDevice}`,
        hint: 'sudo usermod -aG kvm $USER, then log in again.',
      };
    return {
      usable: false,
      reason: `${host.kvmDevice} cannot be opened (${code})`,
      hint: 'sudo modprobe kvm_intel (or kvm_amd).',
    };
  }
  return (await firmwareSpeaks(host, signal))
    ? { usable: true, reason: 'a VM boots with it' }
    : { usable: false, reason: `${host.kvmDevice} opens, but a test VM that uses it prints nothing` };
}

/** Starts a VM without any disk under KVM, until its firmware writes the first line to the debug port. */
async function firmwareSpeaks(host: Host, signal?: AbortSignal): Promise<boolean> {
  const enough = new AbortController();
  let spoke = false;
  const vm = [
    ...[
      '-no-user-config',
      '-nodefaults',
      '-display',
      'none',
      '-machine',
      'pc,accel=kvm',
      '-cpu',
      'max',
      '-m',
      '64',
    ],
    ...['-chardev', 'stdio,id=firmware', '-device', 'isa-debugcon,iobase=0x402,chardev=firmware'],
  ];
  try {
    await supervise([host.qemu, ...vm], {
      guarded: true,
      timeoutMs: host.waitMs,
      graceMs: 500,
      reason: 'try KVM',
      signal: signal ? AbortSignal.any([signal, enough.signal]) : enough.signal,
      onLine: (_, stream) => {
        if (stream !== 'stdout') return;
        spoke = true;
        enough.abort();
      },
    });
  } catch (error) {
    // Ended by ourselves once it had spoken; without QEMU the check for tools says so.
    const ours = spoke && !signal?.aborted;
    if (!ours && !(error instanceof Fault && error.code === 'TOOL_MISSING')) throw error;
  }
  return spoke;
}
