import type { Phase } from './types.ts';

interface Known {
  pattern: RegExp;
  phase?: Phase;
  cause: string | ((found: RegExpExecArray) => string);
  remedy: string;
}

/** apt's words for packages that it has not got, by their names. */
const MISSES =
  /E: (?:Unable to locate package|Couldn't find any package by (?:glob|regex)|Package) '?([\w.+*-]{1,100})/;

/** The known causes of failed deployments, recognised by curtin's and the guest's own words; the first that fits counts. */
const KNOWN: readonly Known[] = [
  {
    // curtin asks dpkg for its version first, which is empty, and takes it for a number; MAAS asks at the end. MAAS' words are in the log of every
    // deployment, as part of the command that would print them.
    pattern:
      /^\s{0,40}cloud-init not detected, MAAS will not be able|cloud-init: (?:command )?not found|in apply_preserve_sources_list\b[\s\S]{0,1500}ValueError: invalid literal for int/m,
    cause: 'The image has no cloud-init: neither curtin nor MAAS installs one without it',
    remedy: 'Install cloud-init in the image (check `cloud-init` of validate).',
  },
  {
    pattern: /^\s{0,40}netplan not detected, MAAS will not be able|netplan: (?:command )?not found/m,
    cause: 'The image has no netplan: MAAS refuses it at the end of the installation',
    remedy: 'Install netplan.io in the image (check `netplan` of validate).',
  },
  {
    pattern: /curtin-hooks.{0,80}(?:Permission denied|not executable)|Permission denied.{0,80}curtin-hooks/,
    cause: "The image's /curtin/curtin-hooks cannot be run",
    remedy: 'Make it executable: chmod 755 (check `hook` of validate).',
  },
  {
    pattern: /curtin-hooks: no kernel with modules found/,
    cause: 'The image has no kernel with its modules, so it would not find its disks',
    remedy:
      'Install the kernel as a package, or pack /lib/modules with it (check `kernel-modules` of validate).',
  },
  {
    pattern: /kdump_set_default.{0,200}No such file or directory/,
    cause: 'kdump-tools of the image is older than what MAAS 3.6 asks of it: it has no kdump_set_default',
    remedy: 'Remove kdump-tools, or use the hook of dgxos-maas (check `crash-dumps` of validate).',
  },
  {
    pattern:
      /E: (?:Unable to locate package|Package) '?(linux-(?:image|generic|headers|modules)[\w.+-]{0,80})/,
    cause: ([, name]) =>
      `The image's hook, or curtin where it has none, installs another kernel than the image has: ${name}`,
    remedy:
      'Use the hook of dgxos-maas, which keeps the kernel (checks `hook` and `hook-kernel` of validate).',
  },
  {
    pattern: /No space left on device/,
    cause: 'A disk of the machine is full',
    remedy: 'Rehearse with larger disks: --disk-size.',
  },
  {
    pattern:
      /(?:tar: |gzip: |xz: ).{0,200}(?:Unexpected EOF|unexpected end of file|not in gzip format|This does not look like a tar archive)/,
    phase: 'extract',
    cause: 'The artifact is damaged or no archive that curtin unpacks',
    remedy: 'dgxos-maas validate FILE reports where it ends.',
  },
  {
    // A source that is only unreachable is a warning of apt's.
    pattern: /^E: (?:Failed to fetch|The repository) '?((?:file|copy|cdrom|https?|mirror):\S{1,200})/m,
    cause: ([, source]) =>
      `apt-get update fails at a source of the image, and with it every deployment: ${source}`,
    remedy:
      'Remove the source from /etc/apt/sources.list.d, which MAAS leaves as it is (check `apt-sources` of validate).',
  },
  {
    pattern: MISSES,
    cause: ([, name]) =>
      `curtin misses packages in the image and cannot fetch them, since a rehearsal has no archives: ${name}`,
    remedy: 'Have them in the image (validate --offline names them).',
  },
  {
    pattern: /no availble python\?/,
    cause: 'The ephemeral has no python3-packaging',
    remedy: 'Use an ephemeral that has it, or none: the lean one is made with it.',
  },
];

/** The known cause that a log names, and its remedy. @param text bounded by the caller */
export function causeOf(text: string, phase: Phase): { cause: string; remedy: string } | undefined {
  for (const { pattern, phase: only, cause, remedy } of KNOWN) {
    const found = only === undefined || only === phase ? pattern.exec(text) : null;
    if (found) return { cause: typeof cause === 'string' ? cause : cause(found), remedy };
  }
  return undefined;
}
