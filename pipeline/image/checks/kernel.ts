import { installed } from '../parsers/dpkg-status.ts';
import { willRun } from './curtin-script.ts';
import { type Check, fail, notApplicable, pass, places, several } from './types.ts';

/** The kernel, and the hook that keeps it. */
export const KERNEL_CHECKS: Check[] = [
  {
    number: 13,
    id: 'hook',
    title: '/curtin/curtin-hooks will run',
    wrong: 'curtin cannot run /curtin/curtin-hooks',
    severity: 'blocker',
    why: 'curtin ignores a hook that is not a file and fails on one that does not start (packer-maas #246). Without a hook it installs linux-generic, because MAAS selects no kernel for custom images.',
    fix: 'Keep the hook that the pipeline renders, mode 0755, first line #!/usr/bin/env python3 or #!/bin/bash, Unix line ends.',
    reads: /^curtin\//,
    evaluate({ hook }, { profile }) {
      if (!hook)
        return profile.hook === 'required'
          ? fail('there is none')
          : notApplicable('there is none, and this profile leaves the kernel to curtin');
      return willRun(hook);
    },
  },
  {
    number: 14,
    id: 'hook-kernel',
    title: 'The hook does not replace the kernel',
    severity: 'blocker',
    why: "packer-maas' flat `setup-bootloader` installs linux-image-generic, and NVIDIA's driver is not built for it; its other hook passes CUSTOM_KERNEL to curtin.",
    fix: 'Let the hook name the installed kernel (`kernel: {package: …}`), and let CUSTOM_KERNEL name an installed package.',
    reads: /^curtin\//,
    evaluate(facts) {
      const { hook, customKernel } = facts;
      if (!hook && customKernel === null) return notApplicable('there is no hook');
      if (hook && hook.genericKernels.length > 0)
        return fail(`the hook installs a generic kernel: ${places(hook.genericKernels)}`);
      // apt's NAME=VERSION is taken, too: curtin gives the text to apt-get as it is.
      const [name, version] = customKernel?.split('=') ?? [];
      const there = facts.packages.some(
        (p) => p.name === name && installed(p) && (version === undefined || p.version === version),
      );
      if (customKernel !== null && !there)
        return fail(`/curtin/CUSTOM_KERNEL names "${customKernel.slice(0, 80)}", which is not installed`);
      return pass(customKernel === null ? 'names no generic kernel' : `CUSTOM_KERNEL is ${customKernel}`);
    },
  },
  {
    number: 19,
    id: 'curtin-diversions',
    title: "curtin's diversions are gone",
    wrong: "curtin's diversions are left in the image",
    severity: 'blocker',
    why: 'curtin diverts update-initramfs while it works (`*.curtin-disabled`); left behind, no initramfs is ever written again, silently.',
    fix: 'Let curtin finish before packing, or `dpkg-divert --remove --rename` what is left.',
    evaluate: ({ boot }) =>
      boot.curtinDisabled.count > 0
        ? fail(several(boot.curtinDisabled.examples, boot.curtinDisabled.count))
        : pass('none'),
  },
  {
    number: 23,
    id: 'boot-filled',
    title: '/boot is not empty',
    severity: 'blocker',
    why: 'With /boot on a partition of its own that was not packed, the image has no kernel (packer-maas #175, #178).',
    fix: 'Install onto one root partition, or mount /boot below the root before packing.',
    evaluate: ({ boot }) =>
      boot.members > 0 ? pass(`${boot.members} members`) : fail('there is nothing in /boot'),
  },
  {
    number: 37,
    id: 'grub-debconf',
    title: 'GRUB’s debconf names no disk of the build machine',
    wrong: "GRUB's debconf names disks of the build machine",
    severity: 'blocker',
    why: 'grub-pc and grub-efi take /dev/vda from debconf and fail on the real disk (packer-maas #155).',
    fix: 'In a late command: `echo RESET grub-pc/install_devices | debconf-communicate`, likewise grub-efi/install_devices.',
    reads: /^var\/cache\/debconf\/config\.dat$/,
    evaluate: ({ boot }) =>
      boot.grubDevices.length > 0
        ? fail(several(boot.grubDevices.map((d) => `${d.question} = ${d.value}`)))
        : pass('no device'),
  },
];
