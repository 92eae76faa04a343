import type { SandboxContext } from '../context.ts';
import type { InstallFailure } from './guests.ts';
import { logEvent, markFailed } from './log.ts';
import { end } from './run.ts';
import { failScript, INSTALL_LOG, setAt } from './scripts.ts';
import type { Machine } from './state.ts';
import { STATUS } from './status.ts';

/** Curtin has failed: its log is kept, and the deployment has failed. */
export function failInstall(
  world: SandboxContext,
  machine: Machine,
  { event, log }: InstallFailure,
  at: number,
): void {
  const set = setAt(world, machine.installationSet);
  failScript(world, machine, set, { name: INSTALL_LOG, output: log, stderr: '', at });
  logEvent(world, machine, 'NODE_INSTALL_EVENT_FAILED', { description: `'curtin' ${event}`, at });
  markFailed(
    world,
    machine,
    STATUS.FAILED_DEPLOYMENT,
    'Installation failed (refer to the installation log for more information).',
    at,
  );
  end(world, machine);
}
