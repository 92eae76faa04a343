import type { FaultCode } from '../errors/catalogue.ts';
import { Fault } from '../errors/fault.ts';
import { PLUGIN_MINIMUM } from '../render/packer-version.ts';

/** What is known to go wrong, by what the tools then say. */
const CAUSES: readonly { says: RegExp; code: FaultCode; message: string; hint: string }[] = [
  {
    says: /No space left on device|ENOSPC/i,
    code: 'DISK_FULL',
    message: 'The disk is full',
    hint: 'A build needs about twice the size of the installed system in the workspace. Free some space and run again.',
  },
  {
    says: /checksums did not match|Checksums did not match/i,
    code: 'ISO_CHECKSUM',
    message: 'Packer found another checksum than the configured one',
    hint: 'The ISO changed during the run. Compare its sha256 with the source it came from.',
  },
  {
    says: /Could not access KVM kernel module: Permission denied|failed to initialize kvm: Permission denied/i,
    code: 'KVM_UNUSABLE',
    message: 'This user may not use /dev/kvm',
    hint: 'sudo usermod -aG kvm $USER and log in again, or set accelerator: tcg.',
  },
  {
    says: /failed to initialize kvm|KVM kernel module/i,
    code: 'KVM_UNUSABLE',
    message: 'KVM is not usable on this host',
    hint: 'Set accelerator: tcg (slower), or enable virtualisation in the firmware.',
  },
  {
    says: /Could not set up host forwarding rule|address already in use|Failed to find an? available/i,
    code: 'PORT_TAKEN',
    message: 'A port that the VM needs is taken by another program',
    hint: 'Run again: another port is chosen each time.',
  },
  {
    says: /Cannot allocate memory|cannot set up guest memory/i,
    code: 'BUILD_FAILED',
    message: 'This host has not enough free memory for the VM',
    hint: 'Lower memory: in the configuration.',
  },
  {
    says: /Multiple paths are no longer supported for PACKER_PLUGIN_PATH/,
    code: 'PLUGIN_MISSING',
    message: 'PACKER_PLUGIN_PATH names several folders; Packer 1.11 and newer takes one',
    hint: 'Set PACKER_PLUGIN_PATH to the folder that holds github.com/hashicorp/qemu.',
  },
  {
    says: /Failed to initiali[sz]e build .*plugin|unknown builder|The builder qemu is unknown|no plugin|Missing plugins/i,
    code: 'PLUGIN_MISSING',
    message: `Packer has no qemu plugin of version ${PLUGIN_MINIMUM} or newer`,
    hint: 'packer plugins install github.com/hashicorp/qemu; dgxos-maas doctor names the folders where it is looked for.',
  },
  {
    says: /Timeout waiting for SSH|timeout waiting for ssh/i,
    code: 'BUILD_NO_SSH',
    message: 'The installation did not end in time: no ssh before the time-out',
    hint: 'The console log below shows where it stood. Under TCG a longer install_timeout may be needed.',
  },
];

/** What the failure of a build means, from all that Packer and QEMU have said; `consoleTail` is shown with it. */
export function causeOf(said: string, consoleTail: string[], logs: string): Fault {
  const detail = (lines: string[]) => [...lines.slice(-15), `logs: ${logs}`].join('\n');
  for (const cause of CAUSES)
    if (cause.says.test(said))
      return new Fault(cause.code, cause.message, {
        hint: cause.hint,
        detail: detail(consoleTail.slice(-10)),
      });
  const tail = said.trim().split('\n').slice(-8);
  return new Fault('BUILD_FAILED', 'Packer could not build the image', {
    hint: 'The full logs are in the folder named above; --verbose shows them while they are written.',
    detail: detail([...tail, ...consoleTail.slice(-6)]),
  });
}
