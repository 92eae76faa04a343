import { failInstall } from './fail-install.ts';
import { installGuest, startGuest } from './guest-life.ts';
import { logEvent, setStatus } from './log.ts';
import { curtinFailure, curtinSuccess } from './outputs.ts';
import { end } from './run.ts';
import { passScripts, setAt, startScripts } from './scripts.ts';
import { STATUS } from './status.ts';
import type { StepContext } from './step-context.ts';
import { mounts } from './storage.ts';

export function startInstall({ world, machine, at }: StepContext): void {
  startScripts(setAt(world, machine.installationSet), at);
}

/** curtin ends, badly when a rule says so or a custom image finds no EFI partition to boot from. */
export function finishInstall(turn: StepContext): void {
  const { world, machine, at, failure } = turn;
  const set = setAt(world, machine.installationSet);
  const image = `${machine.osystem}/${machine.distroSeries}`;
  const noEfi =
    machine.osystem === 'custom' &&
    machine.biosBootMethod === 'uefi' &&
    !machine.ephemeralDeploy &&
    !mounts(machine).some((filesystem) => filesystem.mountPoint === '/boot/efi');
  if (failure || noEfi) {
    const output = curtinFailure(image, noEfi || failure?.how.has('no-efi') ? 'no-efi' : 'hook');
    return void failInstall(world, machine, { event: 'curtin command curthooks', log: output }, at);
  }
  for (const result of set?.results ?? []) result.output = curtinSuccess(image);
  passScripts(world, machine, set, at);
  machine.netboot = false;
  logEvent(world, machine, 'NODE_INSTALLATION_FINISHED', { description: 'Node disabled netboot', at });
}

/** Real curtin installs, which fails where it does. */
export function askInstall(turn: StepContext): void {
  startInstall(turn);
  installGuest(turn.world, turn.machine, turn.run);
}

/** The machine boots what it was given; what answers ssh in its place is started. */
export function askGuest({ world, machine, run }: StepContext): void {
  const wanted = machine.status === STATUS.DEPLOYING || machine.status === STATUS.DEPLOYED;
  if (wanted) startGuest(world, machine, run);
}

export function finishDeployment({ world, machine, at }: StepContext): void {
  setStatus(world, machine, STATUS.DEPLOYED, at);
  if (world.traits.lastDeployed) {
    const description = `deployed ${machine.osystem}/${machine.distroSeries}/${machine.architecture}`;
    logEvent(world, machine, 'IMAGE_DEPLOYED', { description, at });
    noteDeployment(world, machine, at);
  }
  logEvent(world, machine, 'DEPLOYED', { at });
  end(world, machine);
}

/** MAAS looks for the image "custom/NAME", which an upload is not called: its last_deployed stays null. */
function noteDeployment(world: StepContext['world'], machine: StepContext['machine'], at: number): void {
  const [arch] = machine.architecture.split('/');
  for (const resource of world.store.state.resources)
    if (
      resource.name === `${machine.osystem}/${machine.distroSeries}` &&
      resource.architecture.startsWith(`${arch}/`)
    )
      resource.lastDeployed = new Date(at).toISOString().replace('Z', '');
}
