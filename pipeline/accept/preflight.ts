import { access, constants } from 'node:fs/promises';
import type { AcceptanceConfig } from '../config/types.ts';
import { Fault } from '../errors/fault.ts';
import { run } from '../process/run.ts';
import { loadChecks } from './checks-file.ts';
import { noMachineNamed } from './take-machine.ts';

/**
 * Finds what would only fail when the machine is deployed: no machine named, checks that are none, a key that cannot be read,
 * no ssh.
 * @throws Fault USAGE, CONFIG_*, SSH_KEY_UNUSABLE, TOOL_MISSING
 */
export async function checkAcceptance(config: AcceptanceConfig): Promise<void> {
  if (config.machines.length === 0 && config.tags.length === 0) throw noMachineNamed();
  await loadChecks(config.checksFile);
  const { keyFile } = config.ssh;
  if (keyFile !== null)
    await access(keyFile, constants.R_OK).catch((error: Error) => {
      throw new Fault('SSH_KEY_UNUSABLE', `The ssh key ${keyFile} cannot be read: ${error.message}`);
    });
  await run(['ssh', '-V'], { reason: 'look into a deployed machine' });
}
