import { choice, count, duration, size, yesNo } from '../kinds.ts';
import { expectedVm } from '../releases/installers.ts';
import { setting } from '../setting.ts';
import type { Installer, Release } from '../types.ts';
import { MIB, sizeText, timeText } from '../units.ts';

/** The value of the release, as the default. */
export const THE_RELEASES = "the release's";

/** The values in the template of a release without an installer. */
const ANY_VM: Installer['vm'] = {
  diskBytes: 12 * 1024 ** 3,
  memoryMiB: 4096,
  cpus: 8,
  installTimeoutS: 5400,
};
const vmOf = ({ iso }: Release) => (iso ? expectedVm(iso) : ANY_VM);

/** The virtual machine that installs an image. */
export const VM = {
  disk_size: setting({
    kind: size(1),
    as: 'diskBytes',
    default: null,
    defaultText: THE_RELEASES,
    help: 'Size of the installed disk.',
    example: ({ release }) => sizeText(vmOf(release).diskBytes),
  }),
  memory: setting({
    kind: size(MIB),
    as: 'memoryMiB',
    default: null,
    defaultText: `${THE_RELEASES}, and the size of the ISO with subiquity`,
    help: 'Memory of the VM. subiquity, the installer of DGX OS 6 and 7, keeps the whole ISO there.',
    example: ({ release }) => `${vmOf(release).memoryMiB}M`,
  }),
  cpus: setting({
    kind: count(1, 255, 'processors'),
    default: null,
    defaultText: THE_RELEASES,
    help: 'Virtual processors.',
    example: ({ release }) => vmOf(release).cpus,
  }),
  accelerator: setting({
    kind: choice('auto', 'kvm', 'tcg'),
    default: 'auto',
    help: 'Accelerator of the VM; auto uses KVM if it works, else emulation.',
    flag: '--accelerator <name>',
    variable: 'DGXOS_MAAS_ACCELERATOR',
  }),
  headless: setting({ kind: yesNo(), default: true, help: 'false opens a window of the VM.' }),
  boot: setting({
    kind: choice('direct', 'typed'),
    default: 'direct',
    help: "Boot of the VM: by kernel and initrd from the ISO, or typed into the ISO's GRUB menu.",
    flag: '--boot <way>',
    variable: 'DGXOS_MAAS_BOOT',
  }),
  install_timeout: setting({
    kind: duration(),
    as: 'installTimeoutS',
    default: null,
    defaultText: `${THE_RELEASES}, longer under emulation`,
    help: 'Time from power-on to ssh.',
    example: ({ release }) => timeText(vmOf(release).installTimeoutS),
  }),
};
