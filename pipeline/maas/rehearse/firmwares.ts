import { stat } from 'node:fs/promises';
import { Fault } from '../../core/faults/fault.ts';
import { type Firmware, findFirmware, findSecureFirmware } from '../../host/firmware.ts';

/** The firmware of the two machines of a rehearsal, which share their variables. */
export interface Firmwares {
  deploys: Firmware;
  boots: Firmware;
}

/**
 * The firmware of this host. With Secure Boot the ephemeral is started by a firmware without it, since no key signs a kernel that QEMU starts by itself,
 * from variables with Microsoft's keys; the installed system by one that obeys these keys, and knows the boot entries that curtin made.
 * @throws Fault FIRMWARE_MISSING
 */
export async function firmwaresFor(secureBoot: boolean): Promise<Firmwares> {
  const deploys = await findFirmware('amd64');
  if (!secureBoot) return { deploys, boots: deploys };
  const boots = await findSecureFirmware();
  const sizes = await Promise.all([deploys, boots].map(async ({ vars }) => (await stat(vars)).size));
  if (sizes[0] !== sizes[1])
    throw new Fault(
      'FIRMWARE_MISSING',
      `The firmwares ${deploys.code} and ${boots.code} have variables of different sizes, so that one cannot continue with those of the other`,
      { hint: 'Install both of one package: sudo apt-get install --reinstall ovmf.' },
    );
  return { deploys: { code: deploys.code, vars: boots.vars }, boots };
}
