import type { Power } from './power-parameters.ts';

/** A machine to be made known to MAAS; everything has been checked. */
export interface NewMachine {
  hostname: string;
  /** Such as amd64/generic; null: MAAS finds it out when the machine boots. */
  architecture: string | null;
  /** Lower case, with colons; the first is the one that it boots from. Empty only where MAAS knows the machine by its BMC. */
  macs: string[];
  power: (Power & { type: string }) | null;
  description?: string;
  domain?: string;
  pool?: string;
  zone?: string;
  tags?: string[];
}

/**
 * Whether MAAS takes a machine with this power without a MAC address and an architecture: of all power types only ipmi, from 2.9 to
 * main (maasserver/forms, `requires_macs_and_architecture`).
 */
export function knownByBmc(powerType: string | undefined): boolean {
  return powerType === 'ipmi';
}

/** The architecture as MAAS has it; nothing is claimed of a machine that nobody said anything of. */
export function architectureOf(said: string | undefined, macs: readonly string[]): string | null {
  if (said === undefined) return macs.length > 0 ? 'amd64/generic' : null;
  return said.includes('/') ? said : `${said}/generic`;
}
