import type { ImageFacts } from '../facts/facts.ts';
import { installed } from '../parsers/dpkg-status.ts';
import { willRun } from './curtin-script.ts';
import { type Check, fail, failOr, type Item, notApplicable, pass, several } from './types.ts';

const has = (facts: ImageFacts, name: string) => facts.packages.some((p) => p.name === name && installed(p));

/** Kernels whose initrd nobody writes anew on the machine, when curtin's own hook runs. */
function notReconfigured(facts: ImageFacts): string[] {
  return facts.kernels
    .filter((k) => k.image && !facts.kernelPackages.some((name) => name.endsWith(`-${k.version}`)))
    .map((k) => k.version);
}

/** Steps of curtin with the image on the machine. docs/deployment.md has every key of its configuration. */
export const DEPLOYMENT_CHECKS: Check[] = [
  {
    number: 45,
    id: 'crash-dumps',
    title: 'curtin can disable crash dumps in kdump-tools',
    severity: 'blocker',
    why: 'MAAS 3.6 and newer send `kernel-crash-dumps: {enabled: false}` for every machine; curtin then runs /usr/share/kdump-tools/kdump_set_default, which kdump-tools have since Ubuntu 24.10: exit code 127 fails the deployment.',
    fix: "Keep this project's /curtin/curtin-hooks, which drops the key if the script is missing, or remove kdump-tools from the image.",
    reads: /^(var\/lib\/dpkg\/status|curtin\/.*)$/,
    evaluate(facts) {
      const { hook } = facts;
      if (!has(facts, 'kdump-tools')) return pass('kdump-tools is not installed');
      if (facts.commands.kdump_set_default) return pass('kdump-tools with kdump_set_default');
      if (hook?.does.crashDumps) return pass('kdump-tools without kdump_set_default; the hook drops the key');
      if (hook && !hook.does.builtin) return pass("the image's hook does not call curtin's own");
      return fail([
        {
          subject: 'kdump-tools',
          text: 'kdump-tools is installed without /usr/share/kdump-tools/kdump_set_default',
        },
      ]);
    },
  },
  {
    number: 46,
    id: 'kernel-options',
    title: "MAAS' kernel options reach GRUB's menu",
    wrong: "MAAS' kernel options do not reach GRUB's menu",
    severity: 'major',
    why: 'curtin writes them as GRUB_CMDLINE_LINUX_DEFAULT into /etc/default/grub, and every file of /etc/default/grub.d that assigns the variable comes later and wins: console= and the options of a machine or a tag are lost.',
    fix: 'Make the file append instead: GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT …" (sh does not support `+=`), or use GRUB_CMDLINE_LINUX.',
    reads: /^etc\/default\/grub(\.d\/[^/]+\.cfg)?$/,
    evaluate({ boot }) {
      const items = boot.lostOptions.map(
        ({ file, line, text, why, conditional, fatal }): Item => ({
          subject: file,
          text: `${file}:${line}: ${text}: ${why}${conditional ? ', where its condition holds' : ''}`,
          ...(fatal ? { severity: 'blocker' } : conditional ? { severity: 'warning' } : {}),
        }),
      );
      return failOr(items, 'they are kept');
    },
  },
  {
    number: 47,
    id: 'module-signatures',
    title: 'Kernel modules from outside the kernel’s packages are signed',
    severity: 'warning',
    why: 'Under Secure Boot the kernel refuses a module without a signature: no GPU or network card of that driver. Modules that DKMS builds are signed only with a key that each machine must enrol at its console.',
    fix: 'Take signed modules (`linux-modules-nvidia-…`, `linux-modules-…`) in place of DKMS, sign them in the build with a key that the machines have, or leave Secure Boot off.',
    evaluate({ modules }) {
      const { signed, unsigned, unread } = modules;
      const kernels = new Map<string, string[]>();
      for (const { module, kernel } of unsigned)
        kernels.set(module, [...(kernels.get(module) ?? []), kernel]);
      const items: Item[] = [...kernels].map(([module, of]) => ({
        subject: module,
        text: `${module} is not signed (${several(of)})`,
      }));
      const rest = unread.length > 0 ? `; not examined: ${several(unread.map((m) => m.module))}` : '';
      if (items.length > 0) return fail(items);
      if (signed === 0) return notApplicable(`no such module that can be examined${rest}`);
      return pass(`${signed} signed (whether a machine trusts the key is not in the image)${rest}`);
    },
  },
  {
    number: 48,
    id: 'initrd-renewed',
    title: 'The initrd is rebuilt on the machine',
    severity: 'major',
    why: "curtin 24 and newer only reconfigures installed packages, not held ones, that provide exactly `linux-image`; without one the machine boots with the build's initrd: RAID comes up as md127, encrypted disks not at all.",
    fix: "Keep this project's /curtin/curtin-hooks, which rebuilds it, or use a kernel package of Ubuntu that is not on hold.",
    reads: /^(var\/lib\/dpkg\/status|curtin\/.*)$/,
    evaluate(facts) {
      const { hook } = facts;
      if (!facts.kernels.some((k) => k.image)) return fail('there is no kernel');
      if (hook?.does.initramfs) return pass('by the hook');
      if (hook && !hook.does.builtin)
        return fail('the hook neither writes the initrd anew nor calls curtin’s own');
      const left = notReconfigured(facts);
      return left.length > 0
        ? fail(
            left.map((version) => ({
              subject: 'kernel',
              text: `the initrd of ${version} stays the build’s: its package does not provide linux-image, or is held`,
            })),
          )
        : pass(several(facts.kernelPackages));
    },
  },
  {
    number: 49,
    id: 'finalize',
    title: '/curtin/finalize will run',
    wrong: 'curtin cannot run /curtin/finalize',
    severity: 'blocker',
    why: 'curtin runs it in its stage `hook`, in the ephemeral system, and fails the deployment when it does not start.',
    fix: 'Give it mode 0755 and a first line such as #!/bin/bash, or remove it. The hook of this project keeps it.',
    reads: /^curtin\//,
    evaluate: ({ finalize }) => (finalize ? willRun(finalize) : notApplicable('there is none')),
  },
];
