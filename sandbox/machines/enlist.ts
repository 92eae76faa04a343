import type { SandboxContext } from '../context.ts';
import { SandboxError } from '../error.ts';
import { addMachine, isMac, normalMac, ownerOfMac } from './form.ts';
import type { MachineDescription } from './hardware.ts';
import { logEvent } from './log.ts';
import { withDefaults } from './power-form.ts';
import { powerTypes } from './power-types.ts';
import type { Machine } from './state.ts';

/**
 * A machine nobody knows is switched on, boots from the network and shows up as New, then switches itself off.
 * Power parameters that enlistment finds out are set, as MAAS does with a BMC it can reach.
 * @throws SandboxError USAGE when name or MAC are taken or wrong
 */
export function enlist(world: SandboxContext, described: MachineDescription = {}): Machine {
  const all = world.store.state.machines.machines;
  const macs = described.macs?.map(normalMac);
  const wrong = described.macs?.find((mac) => !isMac(mac));
  if (wrong !== undefined) throw new SandboxError('USAGE', `${JSON.stringify(wrong)} is not a MAC address`);
  const taken = macs?.find((mac) => ownerOfMac(world, mac));
  if (taken) throw new SandboxError('USAGE', `A machine with the MAC address ${taken} is there already`);
  if (described.hostname && all.some((machine) => machine.hostname === described.hostname))
    throw new SandboxError('USAGE', `A machine called ${described.hostname} is there already`);
  const machine = addMachine(world, { ...described, ...(macs ? { macs } : {}) });
  const type = described.powerType ?? 'ipmi';
  machine.powerType = type;
  const kind = powerTypes(world).find((one) => one.name === type);
  const found = described.powerParameters ?? (type === 'ipmi' ? bmcOf(machine) : {});
  machine.powerParameters = kind ? withDefaults(kind, found) : found;
  machine.powerState = type === 'manual' ? 'unknown' : 'off';
  machine.biosBootMethod = machine.hardware.biosBootMethod;
  machine.cpuCount = machine.hardware.cpuCount;
  machine.memory = machine.hardware.memory;
  for (const event of ['PERFORMING_PXE_BOOT', 'LOADING_EPHEMERAL', 'NEW'] as const)
    logEvent(world, machine, event);
  return machine;
}

/** The account that MAAS sets up on a BMC for itself. */
const bmcOf = (machine: Machine) => ({
  power_driver: 'LAN_2_0',
  power_boot_type: machine.hardware.biosBootMethod === 'uefi' ? 'efi' : 'auto',
  power_address: `10.10.${Math.floor(machine.id / 250)}.${(machine.id % 250) + 1}`,
  power_user: 'maas',
  power_pass: `sandbox-${machine.systemId}`,
  k_g: '',
  cipher_suite_id: '17',
  privilege_level: 'ADMIN',
  workaround_flags: ['opensesspriv'],
  mac_address: machine.nics[0]?.mac.replace(/..$/, 'fe') ?? '',
});
