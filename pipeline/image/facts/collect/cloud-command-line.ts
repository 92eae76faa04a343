import { policyMode } from '../../parsers/ds-identify.ts';
import { type ShellFile, shellAssignments } from '../../parsers/shell-assignments.ts';
import { shown } from '../../tar/names.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { CloudEffect, CloudFinding } from './cloud.ts';
import { CLOUD_UNITS, SHORT_TARGETS } from './cloud-units.ts';

const DEFAULTS = 'etc/default/grub';
const LINES = new Set(['GRUB_CMDLINE_LINUX', 'GRUB_CMDLINE_LINUX_DEFAULT']);
const MANAGER = ['etc/systemd/system.conf', 'etc/systemd/system.conf.d', 'usr/lib/systemd/system.conf.d'];

/** Words that systemd takes for rescue.target and emergency.target. */
const SHORT_BOOT = new Set(['single', 's', 'S', '1', 'rescue', 'emergency', '-b']);

/** The effects on cloud-init of the kernel's command line, or of the environment that it takes in its place. */
export function cloudCommandLine(files: KeptFiles): CloudFinding[] {
  return [...grub(files), ...environment(files)];
}

function grub(files: KeptFiles): CloudFinding[] {
  const assignments = shellAssignments(grubDefaults(files)).filter(({ name }) => LINES.has(name));
  // The last value of each variable counts.
  const last = new Map(assignments.map((assignment) => [assignment.name, assignment]));
  return [...last.values()].flatMap(({ file, line, name, value }) =>
    value.split(/[ \t\n]/).flatMap((word) => {
      const effect = effectOf(word);
      if (!effect) return [];
      // curtin writes MAAS' own options over this variable in this file, and in no other (install_grub).
      const replaced = name === 'GRUB_CMDLINE_LINUX_DEFAULT' && file === DEFAULTS;
      return [
        {
          subject: `/${shown(file)}`,
          text: `/${shown(file)}:${line}: ${name} has ${shown(word).slice(0, 80)}${replaced ? ', which curtin replaces at the deployment' : ''}`,
          effect: replaced ? ('replaced' as const) : effect,
        },
      ];
    }),
  );
}

/** /etc/default/grub and grub.d, as grub-mkconfig sources them. */
function grubDefaults(files: KeptFiles): ShellFile[] {
  const names = files.list('etc/default/grub.d').filter((name) => name.endsWith('.cfg'));
  return [DEFAULTS, ...names.map((name) => `etc/default/grub.d/${name}`)].flatMap((path) => {
    const text = files.text(path);
    return text === null ? [] : [{ path, text }];
  });
}

/** The effect of one word of the command line on cloud-init (ds-identify `read_config`, the generator, sources `parse_cmdline`). */
function effectOf(word: string): CloudEffect | null {
  const [key = '', ...rest] = word.split('=');
  const value = rest.join('=');
  if (key === 'cloud-init' && value === 'disabled') return 'off';
  if (key === 'network-config' && value === 'disabled') return 'network';
  if (key === 'ci.di.policy') return policyMode(value) === 'disabled' ? 'off' : null;
  if (key === 'ci.ds' || key === 'ci.datasource' || key === 'ds')
    return value.split(/[;,]/, 1)[0]!.toLowerCase() === 'maas' ? null : 'off';
  // The boot ends before cloud-init's turn (systemd(1), kernel-command-line(7), init(1) of klibc in the initrd).
  if (SHORT_BOOT.has(word)) return 'off';
  if (key === 'systemd.unit' && SHORT_TARGETS.has(value)) return 'off';
  if (key === 'init' && value !== '' && !/(?:^|\/)(?:systemd|init)$/.test(value)) return 'off';
  if (key === 'systemd.mask')
    return CLOUD_UNITS.get(value.includes('.') ? value : `${value}.service`) ?? null;
  if (word.startsWith('cc:') && word.includes('datasource_list') && !word.includes('MAAS')) return 'off';
  return null;
}

/** `DefaultEnvironment=KERNEL_CMDLINE=cloud-init=disabled` of systemd, which cloud-init takes for the command line. */
function environment(files: KeptFiles): CloudFinding[] {
  const [main, ...folders] = MANAGER;
  const paths = [
    main!,
    ...folders.flatMap((folder) =>
      files
        .list(folder)
        .filter((n) => n.endsWith('.conf'))
        .map((n) => `${folder}/${n}`),
    ),
  ];
  return paths.flatMap((path) =>
    (files.text(path) ?? '').split('\n').flatMap((line, i) =>
      /^\s{0,40}(?:Default|Manager)Environment\s{0,40}=/.test(line) &&
      line.includes('KERNEL_CMDLINE=cloud-init=disabled')
        ? [
            {
              subject: `/${shown(path)}`,
              text: `/${shown(path)}:${i + 1}: KERNEL_CMDLINE=cloud-init=disabled`,
              effect: 'off' as const,
            },
          ]
        : [],
    ),
  );
}
