import { plain } from '../../core/escape/terminal.ts';
import type { FaultCode } from '../../core/faults/catalogue.ts';
import { Fault } from '../../core/faults/fault.ts';
import { PLUGIN_MINIMUM } from '../render/packer-version.ts';

/** Known causes of failures, by the messages of the tools. */
const CAUSES: readonly { says: RegExp; code: FaultCode; message: string; hint: string }[] = [
  {
    says: /No space left on device|ENOSPC/i,
    code: 'DISK_FULL',
    message: 'The disk is full',
    hint: 'A build needs about twice the size of the installed system in the workspace. Free some space and run the command again.',
  },
  {
    says: /checksums did not match|Checksums did not match/i,
    code: 'ISO_CHECKSUM',
    message: 'Packer found a different checksum from the configured one',
    hint: 'The ISO changed during the run. Compare its sha256 with the source it came from.',
  },
  {
    says: /Could not access KVM kernel module: Permission denied|failed to initialize kvm: Permission denied/i,
    code: 'KVM_UNUSABLE',
    message: 'This user has no permission for /dev/kvm',
    hint: 'Run sudo usermod -aG kvm $USER and log in again, or set accelerator: tcg.',
  },
  {
    says: /Cannot allocate memory|cannot set up guest memory/i,
    code: 'HOST_MEMORY',
    message: 'This host has not enough free memory for the VM',
    hint: 'Lower `memory:` of the image, or stop other programs that use memory.',
  },
  {
    says: /KVM_CREATE_VM\) failed: .*busy|failed to initialize kvm: Device or resource busy/i,
    code: 'KVM_UNUSABLE',
    message: 'Another hypervisor on this host uses the virtualisation extensions',
    hint: 'Stop the VMs of VirtualBox or VMware, or set accelerator: tcg.',
  },
  {
    says: /CPU model 'host' requires KVM/i,
    code: 'KVM_UNUSABLE',
    message: 'The VM is configured with the CPU of the host, which needs KVM, and it runs without KVM',
    hint: 'Set accelerator: kvm where KVM works, or tcg.',
  },
  {
    says: /KVM internal error|kvm run failed|KVM: entry failed|kvm_init_vcpu failed/i,
    code: 'KVM_UNUSABLE',
    message: 'KVM failed while the VM was running',
    hint: 'Nested virtualisation is the usual reason. Set accelerator: tcg (slower).',
  },
  {
    says: /failed to initialize kvm|KVM kernel module|invalid accelerator kvm|KVM not supported/i,
    code: 'KVM_UNUSABLE',
    message: 'KVM is not usable on this host',
    hint: 'Set accelerator: tcg (slower), or enable virtualisation in the firmware.',
  },
  {
    says: /Could not set up host forwarding rule|address already in use/i,
    code: 'PORT_TAKEN',
    message: 'Another program uses a port that the VM needs',
    hint: 'Run the command again: each run uses another port.',
  },
  {
    says: /network backend '\w+' is not compiled in|-netdev user\S*: Parameter 'type'/i,
    code: 'QEMU_NO_NETWORK',
    message: 'This QEMU was built without user networking (libslirp), which connects to the VM',
    hint: 'Run sudo apt-get install qemu-system-x86, and remove self-built versions of QEMU from the PATH.',
  },
  {
    says: /Failed to get (?:shared )?"[\w ]+" lock|Is another process using the image/i,
    code: 'DISK_LOCKED',
    message: "The VM's disk is in use by another process",
    hint: 'Another VM is still running in that folder; stop it (`pgrep -a qemu`), then run the command again.',
  },
  {
    says: /could not load PC BIOS|failed to find romfile|Could not open '[^'\n]*(?:OVMF|AAVMF|edk2|\.fd)[^'\n]*': No such file/i,
    code: 'FIRMWARE_MISSING',
    message: "The VM's firmware is not installed",
    hint: 'sudo apt-get install seabios ovmf ipxe-qemu',
  },
  {
    says: /Could not (?:re)?open '[^'\n]*': (?:Permission denied|Read-only file system)|Block node is read-only/i,
    code: 'NO_PERMISSION',
    message: 'QEMU has no permission to write a file that it needs',
    hint: 'The line of QEMU above names it: make it writable for this user, or use a copy.',
  },
  {
    says: /unsupported machine type|unable to find CPU model|not a valid device model name|Invalid SMP CPUs|: invalid option$/im,
    code: 'QEMU_REFUSED',
    message: 'This QEMU does not support a setting of the VM',
    hint: 'The line of QEMU above names it. A newer QEMU may support it; the settings are in `vm:` of the image.',
  },
  {
    says: /Multiple paths are no longer supported for PACKER_PLUGIN_PATH/,
    code: 'PLUGIN_MISSING',
    message: 'PACKER_PLUGIN_PATH lists several folders; Packer 1.11 and newer accept one',
    hint: 'Set PACKER_PLUGIN_PATH to the folder that contains github.com/hashicorp/qemu.',
  },
  {
    says: /Failed to initiali[sz]e build .*plugin|unknown builder|The builder qemu is unknown|no plugin|Missing plugins/i,
    code: 'PLUGIN_MISSING',
    message: `Packer has no qemu plugin of version ${PLUGIN_MINIMUM} or newer`,
    hint: 'packer plugins install github.com/hashicorp/qemu; dgxos-maas doctor lists the folders that are searched.',
  },
  {
    says: /^(?:==> \S+ )?Failed to shutdown$|\* Failed to shutdown/m,
    code: 'BUILD_TIMEOUT',
    message: 'The installation did not finish in time: the VM did not turn itself off before the time-out',
    hint: 'The console log below shows how far it got. TCG may need a longer install_timeout.',
  },
  {
    says: /Timeout waiting for SSH|timeout waiting for ssh/i,
    code: 'BUILD_NO_SSH',
    message: 'The installation did not finish in time: no ssh before the time-out',
    hint: 'The console log below shows how far it got. TCG may need a longer install_timeout.',
  },
];

/** The cause that a text names, or undefined. */
function causeIn(text: string) {
  return CAUSES.find(({ says }) => says.test(text));
}

/** Whether a line of QEMU's stderr means that the VM cannot go on. */
export function isFatal(line: string): boolean {
  return !/\bwarning: /.test(line) && causeIn(line) !== undefined;
}

/** Linux on an error of a disk of the VM, which has none of its own: QEMU passes on that of the file on this host. */
const DISK_ERROR = /\bI\/O error, dev vd[a-z]\b/;

/** Whether a line of the console reports an error of the VM's disk. */
export const isDiskError = (line: string): boolean => DISK_ERROR.test(line);

/** The fault of a build whose installer has seen an error of the VM's disk: what it says on its own failure comes of that. */
export function diskFailed(fault: Fault, line: string): Fault {
  if (!fault.code.startsWith('BUILD_')) return fault;
  return new Fault('IO_FAILED', `This host could not read or write the VM's disk: ${plain(line.trim())}`, {
    hint: "Look at the quota (`quota -s`), `ulimit -f`, and the disk's health (`dmesg`, `smartctl -a DEVICE`); `workspace:` may be a folder on another disk.",
    ...(fault.detail !== undefined && { detail: fault.detail }),
    cause: fault,
  });
}

/** The message where neither Packer nor QEMU says anything that is known. */
export const NO_REASON = 'Packer could not build the image';

/** The output of each program by the time a build fails. */
export interface BuildOutput {
  /** Packer's own output. */
  packer: string;
  /** Lines of QEMU's stderr, which Packer writes to its debug log only. */
  qemu: readonly string[];
  /** The last lines of the VM's serial console. */
  serial: readonly string[];
}

/** The cause of a failed build, from the messages of Packer and QEMU; the console's last lines are shown with it. */
export function causeOf(said: BuildOutput, logs: string): Fault {
  // A warning is not a cause, and neither is that we ended it.
  const qemu = said.qemu.filter((line) => !/\bwarning: |terminating on signal/.test(line)).map(plain);
  const detail = (lines: string[]) =>
    [...lines, ...qemu.slice(-4).map((line) => `QEMU: ${line}`), `logs: ${logs}`].join('\n');
  const cause = causeIn(qemu.join('\n')) ?? causeIn(said.packer);
  if (cause)
    return new Fault(cause.code, cause.message, {
      hint: cause.hint,
      detail: detail(said.serial.slice(-10)),
    });
  const hint = 'The full logs are in the folder named above; --verbose shows them while they are written.';
  if (qemu.length > 0)
    return new Fault('BUILD_FAILED', `QEMU ended: ${qemu.at(-1)}`, {
      hint,
      detail: detail(said.serial.slice(-10)),
    });
  const tail = said.packer.trim().split('\n').slice(-8);
  return new Fault('BUILD_FAILED', NO_REASON, {
    hint,
    detail: detail([...tail, ...said.serial.slice(-6)]),
  });
}
