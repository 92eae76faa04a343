import type { ImageFacts, Kernel } from '../facts/facts.ts';
import { installed } from '../parsers/dpkg-status.ts';
import { type Check, fail, failOr, type Item, several } from './types.ts';

const bootable = (facts: ImageFacts) => facts.kernels.filter((k) => k.image);

/** The source of a kernel's driver, or null. */
function driver(facts: ImageFacts, kernel: Kernel): string | null {
  if (kernel.nvidia) return 'nvidia.ko';
  const has = (test: (name: string) => boolean) => facts.packages.some((p) => installed(p) && test(p.name));
  return has((n) => /^nvidia-(?:(?:open-)?kernel-(?:open-)?)?dkms(?:-|$)/.test(n)) &&
    has((n) => n === `linux-headers-${kernel.version}`)
    ? 'dkms and headers'
    : null;
}

/** The kernels and the one that GRUB starts. */
export const BOOT_KERNEL_CHECKS: Check[] = [
  {
    number: 15,
    id: 'kernel-modules',
    title: 'Every kernel has its modules, its initrd and its package',
    severity: 'blocker',
    why: 'A kernel without /lib/modules/VERSION/modules.dep does not find its disk (packer-maas #175), nor does one without an initrd; a kernel that is in no package gets no updates.',
    fix: 'Install the kernel as a package, and pack after `depmod` and `update-initramfs` have run; keep /boot on the root partition.',
    reads: /^var\/lib\/dpkg\/status$/,
    evaluate(facts) {
      const kernels = bootable(facts);
      if (kernels.length === 0)
        return fail(
          facts.kernels.length > 0
            ? `there is no /boot/vmlinuz-*, but modules of ${several(facts.kernels.map((k) => k.version))}`
            : 'there is no kernel',
        );
      return failOr(
        kernels.flatMap((kernel) => defects(kernel, facts)),
        several(kernels.map((k) => k.version)),
      );
    },
  },
  {
    number: 16,
    id: 'nvidia-module',
    title: "NVIDIA's driver is installed for every kernel",
    severity: 'blocker',
    why: 'No GPU after the first boot.',
    fix: 'Install `linux-modules-nvidia-…` for the kernel, or `nvidia-dkms-…` with `linux-headers-VERSION`; remove kernels without it.',
    evaluate(facts) {
      const kernels = bootable(facts);
      if (kernels.length === 0) return fail('there is no kernel');
      return failOr(
        kernels
          .filter((k) => driver(facts, k) === null)
          .map((k) => ({
            subject: k.image!,
            text: `kernel ${k.version} has neither nvidia.ko nor dkms with headers`,
          })),
        several(kernels.map((k) => `${k.version}: ${driver(facts, k)}`)),
      );
    },
  },
  {
    number: 17,
    id: 'default-kernel',
    title: 'GRUB starts the right kernel',
    severity: 'major',
    why: 'With two kernels GRUB starts the newest, which may not be the one that has the driver; an id with the UUID of the build disk is in no other machine’s menu.',
    fix: 'Keep one kernel in the image, or set GRUB_DEFAULT in /etc/default/grub to the title of the one that NVIDIA supports, below its submenu: `GRUB_DEFAULT="Advanced options for Ubuntu>Ubuntu, with Linux VERSION"`.',
    evaluate(facts, { profile }) {
      const kernels = bootable(facts);
      const start = facts.boot.defaultKernel;
      if (kernels.length === 0) return fail('there is no kernel to start');
      const words = start ? `${start.version} by ${start.from}` : '';
      const items = [...startDefects(facts), ...severalKernels(facts, profile.nvidia)];
      const kernel = kernels.find((k) => k.version === start?.version);
      if (start && kernel && profile.nvidia && driver(facts, kernel) === null)
        items.push({ subject: 'driver', text: `GRUB starts ${words}, which has no driver of NVIDIA` });
      return failOr(items, words);
    },
  },
];

function defects(kernel: Kernel, { boot, packages }: ImageFacts): Item[] {
  const { version, image } = kernel;
  const items: Item[] = [];
  const add = (text: string, severity?: Item['severity']) =>
    items.push({ subject: image!, text: `kernel ${version} ${text}`, ...(severity ? { severity } : {}) });
  if (!kernel.modulesDep) add(`has no ${kernel.modules ? 'modules.dep' : '/lib/modules'}`);
  if (kernel.initrd === null)
    add('has no initrd, or an empty one', boot.defaultKernel?.version === version ? 'major' : 'warning');
  const names = [`linux-image-${version}`, `linux-image-unsigned-${version}`];
  if (packages.length > 0 && !packages.some((p) => names.includes(p.name) && p.status !== 'rc'))
    add('comes from no package', 'warning');
  return items;
}

/** The problem of the entry's name. */
function startDefects({ boot: { grub, defaultKernel: start }, kernels }: ImageFacts): Item[] {
  const items: Item[] = [];
  const first = start ? `GRUB starts the first entry, ${start.version}` : 'GRUB starts the first entry';
  if (grub.buildId !== null)
    items.push({
      subject: 'GRUB_DEFAULT',
      text: `GRUB_DEFAULT names "${grub.buildId}", an id with the UUID of the build's disk: on another disk ${first}`,
    });
  else if (grub.missing)
    items.push({
      subject: 'GRUB_DEFAULT',
      text: `GRUB_DEFAULT names "${grub.wanted}", which is not in the menu: ${first}`,
    });
  else if (!start)
    items.push({ subject: 'GRUB_DEFAULT', text: `GRUB_DEFAULT "${grub.wanted}" starts no kernel` });
  if (grub.waits)
    items.push({
      subject: 'GRUB_TIMEOUT',
      text: 'GRUB_TIMEOUT is negative: the menu waits until somebody presses a key',
    });
  if (grub.nextEntry !== null)
    items.push({
      subject: 'next_entry',
      text: `next_entry in /boot/grub/grubenv starts "${grub.nextEntry}" once`,
    });
  const there = (version: string) => kernels.some((k) => k.image && k.version === version);
  if (start && !there(start.version))
    items.push({
      subject: 'menu',
      text: `GRUB starts ${start.version} by ${start.from}, which is not in /boot`,
    });
  else if (grub.menuKernel !== null && !there(grub.menuKernel))
    items.push({
      subject: 'menu',
      text: `/boot/grub/grub.cfg starts ${grub.menuKernel}, which is not in /boot, until update-grub has run`,
    });
  return items;
}

/** More than one kernel, and nothing that says which. */
function severalKernels(facts: ImageFacts, nvidia: boolean): Item[] {
  const kernels = bootable(facts);
  const { grub, defaultKernel: start } = facts.boot;
  if (kernels.length < 2 || grub.chosen || !start) return [];
  const right = kernels.find((k) => !nvidia || driver(facts, k) !== null);
  const value = grub.choices.find((c) => c.version === right?.version)?.value;
  const remedy = value === undefined ? '' : `; keep one, or set GRUB_DEFAULT="${value}"`;
  const lame = nvidia && kernels.some((k) => driver(facts, k) === null);
  return [
    {
      subject: 'kernels',
      text: `nothing says which of ${kernels.length} kernels starts: ${several(kernels.map((k) => k.version))}; GRUB starts ${start.version} by ${start.from}${remedy}`,
      ...(lame ? {} : { severity: 'warning' as const }),
    },
  ];
}
