import { choice, count, list, size, text, yesNo } from '../kinds.ts';
import { absolutePath } from '../paths.ts';
import { type Kind, setting } from '../setting.ts';
import { GIB, MIB, parseSize } from '../units.ts';
import { curtin } from './curtin.ts';
import { ephemeral } from './ephemeral.ts';

/** The storage layouts of MAAS that a rehearsal knows. */
export const LAYOUT_NAMES = ['flat', 'lvm', 'raid1', 'bcache'] as const;

const isName = (text: string) => LAYOUT_NAMES.some((name) => name === text);
const LAYOUT_ACCEPTED = `${LAYOUT_NAMES.join(', ')}, or the path of a file ending in .yaml, .yml or .json`;

/** A layout by its name, or a file with curtin's storage configuration. */
const layout: Kind<string, string> = {
  ...text(undefined, (given) =>
    isName(given) || /\.(?:ya?ml|json)$/.test(given) ? null : { accepts: LAYOUT_ACCEPTED },
  ),
  accepts: LAYOUT_ACCEPTED,
  read: (written, base) => (isName(written) ? written : absolutePath(written, base)),
};

const layouts: Kind<string[], string[]> = {
  ...list(layout, { unique: true, accepts: LAYOUT_ACCEPTED }),
  schema: { type: 'array', uniqueItems: true, minItems: 1, items: layout.schema },
  parse(given) {
    const found = given.split(',').map((one) => layout.parse?.(one));
    return found.includes(undefined) ? undefined : [...new Set(found as string[])];
  },
};

/** MiB with which the ephemeral still boots and unpacks; the smallest disk that a root fits on. */
const LEAST = { memory: GIB, disk: 4 * GIB };

const atLeast = (unit: 1 | typeof MIB, least: number, example: string): Kind<string, number> => {
  const accepts = `a size of ${least / GIB}G or more, such as ${example}`;
  const fits = (given: string) => (parseSize(given) ?? 0) >= least;
  const sizes = size(unit);
  return {
    ...sizes,
    accepts,
    parse: (given) => (fits(given) ? sizes.parse?.(given) : undefined),
    problems(written, at) {
      const found = sizes.problems?.(written, at) ?? [];
      return found.length > 0 || fits(written)
        ? found
        : [{ path: at, at: 'value', message: `${at.join('.')}: "${written}" is too small`, accepts }];
    },
  };
};

const KERNEL_OPTIONS_ACCEPTED = 'up to 1000 characters of ASCII without quotation marks';

/** A quotation mark would end the value in QEMU's file, and a line break the line of the kernel. */
const kernelOptions: Kind<string, string> = {
  ...text(undefined, (given) =>
    /^[\x20-\x7e]{0,1000}$/.test(given) && !given.includes('"') ? null : { accepts: KERNEL_OPTIONS_ACCEPTED },
  ),
  schema: { type: 'string' },
  accepts: KERNEL_OPTIONS_ACCEPTED,
  parse: (given) => (/^[\x20-\x7e]{0,1000}$/.test(given) && !given.includes('"') ? given : undefined),
  read: (given) => given.trim(),
};

/** Settings of a rehearsal; in the file itself, and in every image. */
export const REHEARSAL = {
  curtin: setting({
    kind: curtin,
    default: null,
    defaultText: 'none: curtin is not part of dgxos-maas',
    help: "A folder with curtin's sources, Ubuntu's .deb files, or a version of its archive.",
    details:
      'In the file a mapping of `path`, of `deb`, or of `version`, `mirror` and `suite` (with `keyring`) as well; as a flag `version=V,mirror=URL,suite=S`. A URL of a .deb file is by https, or ends in `#sha256=` and its sum.',
    flag: '--curtin <path...>',
    variable: 'DGXOS_MAAS_CURTIN',
    example: 'curtin',
  }),
  ephemeral: setting({
    kind: ephemeral,
    default: null,
    defaultText: "a small one, made from Debian's packages",
    help: "MAAS' system to install from: its files, or those of a simplestreams mirror or of a MAAS.",
    details:
      'In the file a mapping of `kernel`, `initrd` and `squashfs`; of `mirror` (with `keyring`); or of `maas`. The last two may have `series`, `subarch` and `version`.',
    flag: '--ephemeral <source>',
    example: { mirror: 'http://images.maas.io/ephemeral-v3/stable' },
  }),
  layouts: setting({
    kind: layouts,
    default: ['flat'],
    help: 'Storage layouts (flat, lvm, raid1, bcache, or a file), each rehearsed by itself.',
    defaultText: 'flat',
    flag: '--layout <layout...>',
  }),
  kernel_options: setting({
    kind: kernelOptions,
    default: '',
    help: 'Kernel parameters, as MAAS adds them to a machine.',
    flag: '--kernel-options <text>',
    example: 'iommu=pt',
  }),
  memory: setting({
    kind: atLeast(MIB, LEAST.memory, '3G'),
    as: 'memoryMiB',
    default: 3072,
    help: 'Memory of the machine.',
    flag: '--memory <size>',
    example: '4G',
  }),
  disks: setting({
    kind: { ...count(1, 16), accepts: 'a number from 1 to 16' },
    default: 1,
    help: 'Least number of disks; a layout that needs more gets them.',
    flag: '--disks <count>',
  }),
  disk_size: setting({
    kind: atLeast(1, LEAST.disk, '64G'),
    as: 'diskBytes',
    default: null,
    defaultText: 'by the size of the image',
    help: 'Size of each disk; the files are sparse.',
    flag: '--disk-size <size>',
    example: '64G',
  }),
  secure_boot: setting({
    kind: { ...yesNo(), parse: (given) => (given === 'true' ? true : undefined) },
    default: false,
    help: "Boot the installed system with Secure Boot and Microsoft's keys.",
    flag: '--secure-boot',
  }),
  until: setting({
    kind: choice('accepted', 'deployed'),
    default: 'accepted',
    help: 'The end: accepted boots what was deployed and runs the acceptance checks.',
    flag: '--until <end>',
    example: 'deployed',
  }),
  accelerator: setting({
    kind: choice('auto', 'kvm', 'tcg'),
    default: 'auto',
    help: 'How the machine runs; auto uses KVM if it works, else emulation.',
    flag: '--accelerator <name>',
  }),
};
