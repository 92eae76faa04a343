import { SandboxError } from '../error.ts';

/** Troubles of a deployed machine, each so that one check of the acceptance notices it. */
export const TROUBLES = {
  'no-ssh': 'nothing answers on the ssh port',
  'no-keys': 'sshd is up, and takes no key: cloud-init has not run',
  'failed-unit': 'a systemd unit has failed',
  'cloud-init-error': 'cloud-init ended with an error',
  'wrong-kernel': 'another kernel than the image’s is running',
  'same-host-keys': 'every deployment has the same ssh host keys',
  'same-machine-id': 'every machine has the same machine-id',
  'no-efi': 'booted by BIOS, nothing mounted at /boot/efi',
  'lost-gpu': 'one GPU is missing',
  'fabric-down': 'the fabric manager is not active',
  'dcgm-fail': 'the level 1 diagnosis of DCGM fails',
} as const;

export type Trouble = keyof typeof TROUBLES;

export interface TroubleRule {
  /** Of the machine; `*` is every one. */
  hostname: string;
  trouble: Trouble;
}

/**
 * Reads HOSTNAME:TROUBLE, such as `gpu-1:failed-unit`.
 * @throws SandboxError USAGE that names the troubles there are
 */
export function parseTrouble(text: string): TroubleRule {
  const [hostname = '', trouble = '', ...rest] = text.split(':');
  if (hostname && rest.length === 0 && Object.hasOwn(TROUBLES, trouble))
    return { hostname, trouble: trouble as Trouble };
  throw new SandboxError('USAGE', `"${text}" is not a rule for a machine`, {
    hint: `HOSTNAME:TROUBLE, where HOSTNAME may be * and TROUBLE is one of: ${Object.keys(TROUBLES).join(', ')}.`,
  });
}

export function troublesOf(rules: readonly TroubleRule[], hostname: string): Set<Trouble> {
  return new Set(
    rules.filter((rule) => rule.hostname === '*' || rule.hostname === hostname).map((rule) => rule.trouble),
  );
}
