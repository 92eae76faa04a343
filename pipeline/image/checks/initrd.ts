import type { ImageFacts } from '../facts/facts.ts';
import { installed } from '../parsers/dpkg-status.ts';
import { type Check, failOr, type Item, notApplicable, type Severity } from './types.ts';

interface Layout {
  package: string;
  /** The package's hook, and the program that the initrd gets by it. */
  hook: string;
  program: string;
  layout: string;
  rare?: boolean;
}

/** Layouts whose root an initrd finds by a program. MAAS' storage has no encrypted and no iSCSI disks, so cryptsetup and open-iscsi have no row. */
const LAYOUTS: readonly Layout[] = [
  { package: 'mdadm', hook: 'mdadm', program: 'mdadm', layout: 'RAID' },
  { package: 'lvm2', hook: 'lvm2', program: 'lvm', layout: 'LVM' },
  { package: 'bcache-tools', hook: 'bcache', program: 'bcache-register', layout: 'bcache', rare: true },
];

const stock = ({ hook }: Layout) => `/usr/share/initramfs-tools/hooks/${hook}`;

function problem({ initrd }: ImageFacts, row: Layout): Item[] {
  const { program, layout } = row;
  const usual: Severity | undefined = row.rare ? 'warning' : undefined;
  const item = (subject: string, text: string, severity: Severity | undefined = usual): Item[] => [
    { subject, text: `${text} (${layout})`, ...(severity ? { severity } : {}) },
  ];
  const own = initrd.hooks.filter((hook) => hook.copies.includes(program));
  const broken = own.find((hook) => hook.state === 'fails');
  if (broken) return item(broken.file, `${broken.file} ${broken.why}: mkinitramfs fails with it`, 'blocker');
  const running = own.find((hook) => hook.state === 'runs');
  if (running)
    return initrd.programs.includes(program)
      ? []
      : item(running.file, `${running.file} copies ${program}, which is not in the image`);
  const there = initrd.hooks.find((hook) => hook.file === stock(row));
  const said = [
    there ? '' : `there is no ${stock(row)}`,
    ...initrd.hooks
      .filter((hook) => hook === there || own.includes(hook) || hook.state === 'unread')
      .map((hook) => `${hook.file} ${hook.why || `does not copy ${program}`}`),
  ];
  return item(stock(row), said.filter(Boolean).join(', '));
}

/** The contents of the image's initrds when they are written anew on the machine. */
export const INITRD_CHECKS: Check[] = [
  {
    number: 50,
    id: 'initrd-hooks',
    title: 'The initrd gets the programs that find a root on RAID, LVM and bcache',
    wrong: 'initrds do not get the program that finds the root',
    severity: 'major',
    why: 'mkinitramfs copies mdadm, lvm and bcache-register into an initrd only by a hook; one that is missing, not executable or refused by `sh -n` is left out without a word. The machine is deployed, and its initrd does not find a root on such a layout. A hook whose interpreter is missing fails every deployment. dracut, which has modules of its own, is not examined.',
    fix: 'Reinstall the package that brings the hook (`apt-get install --reinstall mdadm`), or give the file mode 0755.',
    reads: /^var\/lib\/dpkg\/status$/,
    evaluate(facts) {
      const has = (name: string) => facts.packages.some((p) => p.name === name && installed(p));
      // dracut's own modules for RAID and LVM need no file of their packages but the program, and it decides by the disks of the machine.
      if (!has('initramfs-tools')) return notApplicable('initramfs-tools is not installed');
      const rows = LAYOUTS.filter((row) => has(row.package));
      if (rows.length === 0) return notApplicable('neither mdadm nor lvm2 nor bcache-tools is installed');
      return failOr(
        rows.flatMap((row) => problem(facts, row)),
        rows.map(({ program }) => program).join(', '),
      );
    },
  },
];
