import type { Phase } from './types.ts';

interface Known {
  pattern: RegExp;
  phase?: Phase;
  cause: string;
  remedy: string;
}

/** The known causes of failed deployments, recognised by curtin's and the guest's own words; the first that fits counts. */
const KNOWN: readonly Known[] = [
  {
    pattern: /cloud-init not detected, MAAS will not be able|cloud-init: (?:command )?not found/,
    cause: 'The image has no cloud-init: MAAS refuses it at the end of the installation',
    remedy: 'Install cloud-init in the image (check `cloud-init` of validate).',
  },
  {
    pattern: /netplan not detected, MAAS will not be able|netplan: (?:command )?not found/,
    cause: 'The image has no netplan: MAAS refuses it at the end of the installation',
    remedy: 'Install netplan.io in the image (check `netplan` of validate).',
  },
  {
    pattern: /curtin-hooks.{0,80}(?:Permission denied|not executable)|Permission denied.{0,80}curtin-hooks/,
    cause: "The image's /curtin/curtin-hooks cannot be run",
    remedy: 'Make it executable: chmod 755 (check `hook` of validate).',
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
    pattern:
      /E: (?:Unable to locate package|Couldn't find any package|Unable to fetch some archives)|has no installation candidate/,
    cause: 'curtin misses packages in the image and cannot fetch them: a rehearsal has no archives',
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
  const found = KNOWN.find(
    (one) => (one.phase === undefined || one.phase === phase) && one.pattern.test(text),
  );
  return found && { cause: found.cause, remedy: found.remedy };
}
