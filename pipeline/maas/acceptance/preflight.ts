import { access, constants } from 'node:fs/promises';
import type { AcceptanceConfig, ImageConfig, Release } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { isTemporary, RetryBudget } from '../../host/http/retry-budget.ts';
import { $ } from '../../host/process/tool.ts';
import { createClient } from '../api/client.ts';
import type { ChosenTarget } from '../images/choose-targets.ts';
import { bootsByEfi, noMachineConfigured, usableMachines } from './acquire-machine.ts';
import { loadChecks } from './checks-file.ts';
import { checkKeys } from './keys.ts';

/**
 * Finds what would only fail when the machine is deployed: no machine named, checks that are none, a key that cannot be read,
 * no ssh.
 * @throws Fault USAGE, CONFIG_*, SSH_KEY_UNUSABLE, TOOL_MISSING
 */
export async function checkAcceptance(config: AcceptanceConfig): Promise<void> {
  if (config.machines.length === 0 && config.tags.length === 0) throw noMachineConfigured();
  await loadChecks(config.checksFile);
  const { keyFile } = config.ssh;
  if (keyFile !== null)
    await access(keyFile, constants.R_OK).catch((error: Error) => {
      throw new Fault('SSH_KEY_UNUSABLE', `The ssh key ${keyFile} cannot be read: ${reasonOf(error)}`);
    });
  await $({ nothrow: true, reason: 'look into a deployed machine' })`ssh -V`;
}

/** Seconds for which a MAAS that is away is asked: it may be back when the image is built. */
const RETRY_FOR_S = 3;

/**
 * Looks whether the targets have a machine and a key for the acceptance, while there is still time to see to it.
 * @throws Fault SSH_DENIED, MACHINE_UNKNOWN, MACHINE_NO_EFI, MAAS_*; none for a MAAS that does not answer now
 */
export async function checkMachines(
  targets: readonly ChosenTarget[],
  { image, release, signal }: { image: ImageConfig; release: Release; signal: AbortSignal },
): Promise<void> {
  const { machines, tags, ssh } = image.acceptance;
  const { architecture } = image.resource;
  for (const { target, key } of targets) {
    const retryBudget = new RetryBudget({ totalS: RETRY_FOR_S });
    const { url, caCert } = target;
    const client = createClient({ url, caCert, key, retryBudget, emit() {}, signal });
    try {
      await checkKeys(client, ssh.keyFile);
      await usableMachines(client, { machines, tags, architecture, needsEfi: bootsByEfi(release) });
    } catch (error) {
      if (!(error instanceof Fault && isTemporary(error))) throw error;
    }
  }
}
