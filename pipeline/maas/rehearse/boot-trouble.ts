/** Milliseconds for the lines that follow one which says that the system stops. */
export const SETTLE_MS = 1500;

/** The reason for which an installed system does not come up by itself. */
export interface BootTrouble {
  said: string;
  cause: string | null;
  remedy: string | null;
}

interface Reason {
  /** Of the console's last lines. */
  text: RegExp;
  cause(found: RegExpExecArray): string;
  remedy: string;
}

interface Stop {
  /** Of a line of the console, which may have colours and a time in front. */
  line: RegExp;
  /** Unless one of the reasons says it more precisely. */
  cause: string;
  remedy: string;
  reasons?: readonly Reason[];
}

const NO_ROOT: Reason = {
  text: /ALERT!\s+(\S{1,200}) does not exist/,
  cause: ([, device]) => `The initrd of the image does not find the root: ${device}`,
  remedy:
    'The tools of the storage layout (lvm2, mdadm, bcache-tools) and its modules must be in the image and its initrd (checks `storage-packages` and `initrd-hooks` of validate).',
};

/** Lines after which a system does not go on; the first that fits counts. */
const STOPS: readonly Stop[] = [
  {
    line: /Kernel panic - not syncing.*/,
    cause: 'The kernel of the image stopped',
    remedy: 'The lines above the panic name the reason; compare the kernel with the initrd of the image.',
    reasons: [
      {
        text: /VFS: (?:Unable to mount root fs|Cannot open root device)/,
        cause: () =>
          'The kernel found no root: its initrd is missing or damaged, or has no driver for the disk',
        remedy:
          'In the image: update-initramfs -u -k all (checks `initramfs` and `default-kernel` of validate).',
      },
      {
        text: /No (?:working )?init found|Requested init \S{1,200} failed/,
        cause: () => 'The root has no program that the kernel can start as init',
        remedy: 'systemd-sysv must be in the image, and its links (/sbin, /lib) whole.',
      },
    ],
  },
  {
    // initramfs-tools; the banner is busybox', which it starts then.
    line: /BusyBox v\S+ .*built-in shell \(ash\)|ALERT!\s+\S+ does not exist\.\s+Dropping to a shell.*/,
    cause: 'The initrd of the image did not find the root file system, and started a shell',
    remedy: 'In the image: update-initramfs -u -k all (check `initramfs` of validate).',
    reasons: [NO_ROOT],
  },
  {
    line: /Generating "?\/run\/initramfs\/rdsosreport\.txt.*|Entering emergency mode\. Exit the shell to continue.*/,
    cause: 'The initrd of the image (dracut) did not find the root file system, and started a shell',
    remedy: 'The drivers and tools of the storage layout must be in the initrd: dracut --no-hostonly.',
  },
  {
    line: /You are in emergency mode.*|Cannot open access to console, the root account is locked.*/,
    cause: 'The system went into emergency mode: a unit that every boot needs has failed',
    remedy: 'The lines above name it.',
    reasons: [
      {
        text: /Timed out waiting for device (\S{1,200})/,
        cause: ([, device]) => `A file system that /etc/fstab needs is on no disk of the machine: ${device}`,
        remedy: 'An fstab of the build must not be in the image (check `fstab` of validate).',
      },
      {
        text: /Failed to (?:start|mount) (\S.{0,120})/,
        cause: ([, unit]) => `The system stopped booting since this failed: ${unit}`,
        remedy: 'Correct or mask the unit in the image.',
      },
    ],
  },
  {
    line: /You are in rescue mode.*/,
    cause: 'The system went into rescue mode',
    remedy: 'Check the default target of systemd and the kernel parameters of the image.',
  },
  {
    line: /Entering rescue mode\.\.\..*|grub rescue>/,
    cause: 'GRUB does not find its files',
    remedy: 'The EFI packages of GRUB must be in the image (check `boot-packages` of validate).',
  },
  {
    line: /Minimal BASH-like line editing is supported.*/,
    cause: 'GRUB found no configuration, and started its shell',
    remedy: 'See stage curthooks of install.log: update-grub must have run in the target.',
  },
  {
    // shim, about the loader that it starts; GRUB, about shim's answer on a kernel.
    line: /Verification failed: \(0x1A\) Security Violation.*|error: bad shim signature.*|error: .{0,200}has invalid signature.*/,
    cause:
      'Secure Boot refuses a part of the image: its signature is not by a key that the firmware or shim knows',
    remedy:
      'GRUB must be grub-efi-amd64-signed, and the kernel a signed one (linux-image of Ubuntu or Debian, not linux-image-unsigned).',
  },
  {
    // OVMF, after every entry of its list has failed.
    line: /No bootable option or device was found.*|UEFI Interactive Shell v.*|No bootable device.*/,
    cause: 'The firmware found no boot loader on the disks',
    remedy: 'shim and GRUB for EFI must be in the image (checks `boot-packages` and `esp` of validate).',
    reasons: [
      {
        // OVMF 2022.11 with Microsoft's keys, of an unsigned GRUB.
        text: /BdsDxe: failed to (?:load|start) .{0,300}: (?:Access Denied|Security Violation)/,
        cause: () =>
          'Secure Boot refuses the boot loader on the disk: it is not signed by a key of the firmware',
        remedy: 'shim-signed and grub-efi-amd64-signed must be in the image, so that curtin installs shim.',
      },
    ],
  },
  {
    line: /Used fallback datasource.*|finished at .{0,80}Datasource DataSourceNone.*/,
    cause: 'cloud-init did not use MAAS as its data source',
    remedy:
      'Check that no file in /etc/cloud/cloud.cfg.d of the image sets a datasource_list without MAAS (check `cloud-init-enabled` of validate), and that the network comes up.',
  },
];

/** Whether a line of the console says that the system does not go on. */
export function stopsIn(line: string): BootTrouble | undefined {
  for (const stop of STOPS) {
    const found = stop.line.exec(line);
    if (found) return { said: found[0], cause: stop.cause, remedy: stop.remedy };
  }
  return undefined;
}

/** The trouble with the reason that the lines around it name. @param lines the console's last ones */
export function explained(trouble: BootTrouble, lines: readonly string[]): BootTrouble {
  const { reasons = [] } = STOPS.find(({ cause }) => cause === trouble.cause) ?? {};
  const text = lines.join('\n');
  for (const reason of reasons) {
    const found = reason.text.exec(text);
    if (found) return { said: trouble.said, cause: reason.cause(found), remedy: reason.remedy };
  }
  return trouble;
}

/** The user whom cloud-init lets in by MAAS' keys, as it says on the console (cc_ssh_authkey_fingerprints). */
export function userIn(line: string): string | undefined {
  return /\bci-info: .{0,40}Authorized keys from \S{1,200} for user ([a-z_][a-z0-9_-]{0,31})\b/i.exec(
    line,
  )?.[1];
}
