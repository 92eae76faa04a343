import type { ImageFacts, Package } from '../facts/facts.ts';
import { aptState, installed } from '../parsers/dpkg-status.ts';
import { type Check, fail, failOr, type Item, type Outcome, pass } from './types.ts';

function find(facts: ImageFacts, name: string): Package | undefined {
  return facts.packages.find((p) => p.name === name);
}

/** Whether any of the packages is installed; for the text, how it stands with the first. */
function installedOf(facts: ImageFacts, names: readonly string[]): { there: boolean; found: string } {
  const there = names.map((name) => find(facts, name)).find((p) => p && installed(p));
  if (there) return { there: true, found: `${there.name} ${there.version}` };
  if (facts.packages.length === 0) return { there: false, found: '/var/lib/dpkg/status lists no package' };
  const half = names.map((name) => find(facts, name)).find(Boolean);
  return {
    there: false,
    found: half ? `${half.name} is in state ${half.status}` : `${names.join(' or ')} is not installed`,
  };
}

function oneOf(facts: ImageFacts, names: readonly string[]): Outcome {
  const { there, found } = installedOf(facts, names);
  return there ? pass(found) : fail(found);
}

const notInstalled = (names: readonly string[]): Item => ({
  subject: names[0]!,
  text: `${names.join(' or ')} is not installed`,
});

const STATUS = /^var\/lib\/dpkg\/status$/;

function bootPackages(facts: ImageFacts): string[][] {
  const arm = facts.packages.some((p) => p.name === 'dpkg' && p.arch === 'arm64');
  const grub = arm
    ? ['grub-efi-arm64-signed', 'grub-efi-arm64']
    : ['grub-efi-amd64-signed', 'grub-efi-amd64', 'grub-pc'];
  // A BIOS image has no shim and no boot entries to write.
  const bios = find(facts, 'grub-pc') && !find(facts, 'grub-efi-amd64');
  return bios ? [['grub-pc']] : [grub, ['shim-signed'], ['efibootmgr']];
}

/** Packages that curtin installs in the target for a machine's layout, by its own tables; `rare` ones are of layouts that few machines have. */
const LAYOUT_PACKAGES: readonly { names: string[]; layout: string; rare?: boolean }[] = [
  { names: ['mdadm'], layout: 'RAID' },
  { names: ['lvm2'], layout: 'LVM' },
  { names: ['xfsprogs'], layout: 'XFS' },
  { names: ['open-iscsi'], layout: 'iSCSI' },
  { names: ['cryptsetup'], layout: 'encrypted disks' },
  { names: ['bcache-tools'], layout: 'bcache', rare: true },
  { names: ['btrfs-progs', 'btrfs-tools'], layout: 'Btrfs', rare: true },
  { names: ['nvme-cli'], layout: 'NVMe over TCP', rare: true },
  { names: ['openvswitch-switch'], layout: 'Open vSwitch bridges', rare: true },
];

const STATES = {
  stops: { severity: undefined, words: 'apt stops until it is reinstalled' },
  unknown: { severity: undefined, words: 'dpkg knows no such state' },
  unfinished: { severity: 'warning', words: 'the next run of apt finishes it' },
  removed: { severity: 'warning', words: 'removed, with its configuration left' },
} as const;

/** The problem of a package's state; one of another architecture is named with it. */
function stateItem(p: Package, native: string | undefined): Item[] {
  const state = aptState(p);
  if (state === null) return [];
  const name = native === undefined || p.arch === native || p.arch === 'all' ? p.name : `${p.name}:${p.arch}`;
  const { severity, words } = STATES[state];
  return [{ subject: name, text: `${p.status} ${name} (${words})`, ...(severity ? { severity } : {}) }];
}

/** Packages that curtin or MAAS call. */
export const PACKAGE_CHECKS: Check[] = [
  {
    number: 9,
    id: 'cloud-init',
    title: 'cloud-init is installed as a package',
    severity: 'blocker',
    why: 'A late command of MAAS (`get_custom_image_dependency_validation`) runs `cloud-init --version` in the target and fails the deployment.',
    fix: 'Add `cloud-init` to the packages of the image.',
    reads: STATUS,
    evaluate(facts) {
      const { there, found } = installedOf(facts, ['cloud-init', 'cloud-init-base']);
      if (!there) return fail(found);
      return facts.commands['cloud-init']
        ? pass(found)
        : fail(`${found}, but there is no /usr/bin/cloud-init`);
    },
  },
  {
    number: 10,
    id: 'netplan',
    title: 'netplan.io is installed',
    severity: 'blocker',
    why: 'A late command of MAAS (`get_custom_image_dependency_validation`) runs `netplan info` in the target and fails the deployment.',
    fix: 'Add `netplan.io` to the packages of the image.',
    reads: STATUS,
    evaluate: (facts) => oneOf(facts, ['netplan.io']),
  },
  {
    number: 11,
    id: 'lsb-release',
    title: 'lsb_release is installed',
    severity: 'blocker',
    why: "curtin's `setup_kernel_img_conf` calls it in the target and crashes without it.",
    fix: 'Add `lsb-release` to the packages of the image.',
    evaluate: (facts) =>
      facts.commands.lsb_release ? pass('/usr/bin/lsb_release') : fail('there is no /usr/bin/lsb_release'),
  },
  {
    number: 12,
    id: 'not-ubuntu-core',
    title: 'Nothing looks like Ubuntu Core',
    wrong: 'curtin takes the image for Ubuntu Core',
    severity: 'blocker',
    why: 'curtin treats a root with /snaps or /system-data/var/lib/snapd as Ubuntu Core and skips every step.',
    fix: 'Remove these directories from the image.',
    evaluate: ({ snapCore }) =>
      snapCore.length > 0 ? fail(snapCore.join(', ')) : pass('neither /snaps nor /system-data/var/lib/snapd'),
  },
  {
    number: 18,
    id: 'initramfs',
    title: 'initramfs-tools or dracut is installed',
    severity: 'blocker',
    why: 'curtin rebuilds the initramfs in the target and raises a RuntimeError if neither is installed; before 24 it only knows update-initramfs.',
    fix: 'Add `initramfs-tools` to the packages of the image.',
    reads: STATUS,
    evaluate(facts) {
      const result = oneOf(facts, ['initramfs-tools', 'dracut']);
      // The hook of this project does it; without the hook only curtin 24 and later do.
      const alone = result.status === 'pass' && !installedOf(facts, ['initramfs-tools']).there;
      return alone && !facts.commands['update-initramfs'] && !facts.hook?.does.initramfs
        ? fail(`${result.found} without update-initramfs, which curtin before 24 calls`, 'major')
        : result;
    },
  },
  {
    number: 20,
    id: 'boot-packages',
    title: 'The boot loader’s packages are in the image',
    severity: 'major',
    why: 'curtin’s `install_missing_packages` installs missing packages at the deployment: it fails if machines cannot reach an archive (a blocker with --offline).',
    fix: 'Add `grub-efi-amd64-signed shim-signed efibootmgr` to the packages of the image (arm64: `grub-efi-arm64-signed`; BIOS: `grub-pc`).',
    reads: STATUS,
    evaluate(facts, { offline }) {
      const missing = bootPackages(facts).filter((names) => !installedOf(facts, names).there);
      return missing.length > 0
        ? fail(missing.map(notInstalled), offline ? 'blocker' : undefined)
        : pass(
            bootPackages(facts)
              .map((names) => installedOf(facts, names).found)
              .join(', '),
          );
    },
  },
  {
    number: 21,
    id: 'storage-packages',
    title: 'The packages for storage and network layouts are in the image',
    severity: 'major',
    why: 'curtin (`detect_required_packages_mapping` of block/deps.py and net/deps.py) installs the packages for a machine’s layout at the deployment: RAID, LVM, XFS, iSCSI, encrypted disks; rarer: bcache, Btrfs, NVMe over TCP, Open vSwitch. Without an archive the deployment fails.',
    fix: 'Add `mdadm lvm2 xfsprogs open-iscsi cryptsetup` to the packages of the image, and those of `bcache-tools btrfs-progs nvme-cli openvswitch-switch` that the machines’ layouts need.',
    reads: STATUS,
    evaluate(facts, { offline }) {
      const missing = LAYOUT_PACKAGES.filter(({ names }) => !installedOf(facts, names).there);
      return failOr(
        missing.map(({ names, layout, rare }) => ({
          subject: names[0]!,
          text: `${names.join(' or ')} is not installed (${layout})`,
          ...(rare && !offline ? { severity: 'warning' as const } : {}),
        })),
        LAYOUT_PACKAGES.map(({ names }) => names[0]).join(', '),
      );
    },
  },
  {
    number: 22,
    id: 'package-states',
    title: 'Every package is installed and configured',
    wrong: 'packages are not installed as a whole',
    severity: 'major',
    why: 'apt does nothing on the machine while a broken package must be reinstalled; half-configured packages are configured at the first run of apt, in the middle of a deployment.',
    fix: 'Run `dpkg --configure -a` in the build, reinstall broken packages, and `apt-get purge` packages of which only the configuration remains (rc). Unmet dependencies are not checked: `apt-get check` in the build finds them.',
    reads: STATUS,
    evaluate({ packages }) {
      if (packages.length === 0) return fail('/var/lib/dpkg/status lists no package');
      const native = packages.find((p) => p.name === 'dpkg')?.arch;
      return failOr(
        packages.flatMap((p) => stateItem(p, native)),
        `${packages.length} packages`,
      );
    },
  },
  {
    number: 40,
    id: 'firmware',
    title: 'linux-firmware is installed',
    severity: 'major',
    why: 'Network cards without their firmware do not work after the first boot (packer-maas #195).',
    fix: 'Add `linux-firmware` to the packages of the image.',
    reads: STATUS,
    evaluate: (facts) => oneOf(facts, ['linux-firmware']),
  },
];
