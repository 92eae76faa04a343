import type { SandboxContext } from '../context.ts';
import { setComplete } from '../images.ts';
import { failInstall } from './fail-install.ts';
import type { GuestImage, GuestMachine, InstallFailure, InstallPart } from './guests.ts';
import { logEvent, markFailed } from './log.ts';
import { loopbackOf } from './loopback.ts';
import { fqdnOf, sshKeysOf } from './place.ts';
import { end } from './run.ts';
import type { Machine, Run } from './state.ts';
import { STATUS } from './status.ts';
import { kernelOptions } from './tags.ts';

/** Asks for what answers ssh; the machine goes on when it does. Without guests it goes on at once. */
export function startGuest(world: SandboxContext, machine: Machine, run: Run | null): void {
  if (!world.guests) return;
  const since = world.now();
  if (run) [run.due, run.waitsFor] = [null, 'guest'];
  world.guests.start(guestOf(world, machine), imageOf(world, machine)).then(
    ({ address, port }) => {
      if (!stillWanted(machine, run)) return void world.guests?.stop(machine.systemId).catch(() => undefined);
      [machine.address, machine.guestPort] = [address, port];
      if (run) goOn(world, run, since);
      world.store.machinesChanged();
    },
    (error: Error) => {
      if (!run || machine.run !== run) return;
      if (machine.status === STATUS.DEPLOYING)
        markFailed(
          world,
          machine,
          STATUS.FAILED_DEPLOYMENT,
          `The machine did not come up: ${error.message}`,
          world.now(),
        );
      else logEvent(world, machine, 'NODE_POWER_ON_FAILED', { description: error.message });
      end(world, machine);
    },
  );
}

/** Has curtin install the machine, which goes on when that has ended; MAAS logs what curtin reports. */
export function installGuest(world: SandboxContext, machine: Machine, run: Run): void {
  const since = world.now();
  [run.due, run.waitsFor] = [null, 'install'];
  const isWanted = () => machine.run === run && run.waitsFor === 'install';
  const begins = (part: InstallPart) => {
    if (!isWanted()) return;
    logEvent(world, machine, part, { at: world.now() });
    world.store.machinesChanged();
  };
  const over = (failure: InstallFailure | null) => {
    if (!isWanted()) return;
    if (failure) failInstall(world, machine, failure, world.now());
    else goOn(world, run, since);
    world.store.machinesChanged();
  };
  world.guests
    ?.install?.(guestOf(world, machine), imageOf(world, machine), begins)
    .then(over, (error: Error) => over({ event: 'curtin command install', log: error.message }));
}

/** The time that a guest took does not count against MAAS' time limit: it may be emulated, and the sandbox' clock faster. */
function goOn(world: SandboxContext, run: Run, since: number): void {
  [run.due, run.waitsFor] = [world.now(), null];
  if (run.expires !== null) run.expires += world.now() - since;
}

const waitsForGuest = ({ run }: Machine) => run?.waitsFor === 'guest' || run?.waitsFor === 'install';

const stillWanted = (machine: Machine, run: Run | null) =>
  run ? machine.run === run : machine.status === STATUS.DEPLOYED && machine.powered;

/** Takes away what answers ssh. */
export function stopGuest(world: SandboxContext, machine: Machine): void {
  if (machine.guestPort === null && !waitsForGuest(machine)) return;
  machine.guestPort = null;
  void world.guests?.stop(machine.systemId).catch(() => undefined);
}

/** The machine is released: its guest is taken away with its disks. */
export function wipeGuest(world: SandboxContext, machine: Machine): void {
  stopGuest(world, machine);
  void world.guests?.wipe?.(machine.systemId).catch(() => undefined);
}

/** After a restart of the sandbox the deployed machines are running, so their guests are started again. */
export function resumeGuests(world: SandboxContext): void {
  for (const machine of world.store.state.machines.machines) {
    machine.guestPort = null;
    // It waited for guests that this sandbox has not.
    const isPossible = machine.run?.waitsFor === 'install' ? world.guests?.install : world.guests;
    if (machine.run && waitsForGuest(machine) && !isPossible)
      [machine.run.due, machine.run.waitsFor] = [world.now(), null];
    if (machine.run?.waitsFor === 'install') installGuest(world, machine, machine.run);
    else if (machine.run?.waitsFor === 'guest') startGuest(world, machine, machine.run);
    else if (machine.status === STATUS.DEPLOYED && machine.powered) startGuest(world, machine, null);
  }
}

/** Stops every guest, for the end of the sandbox. */
export async function stopGuests(world: SandboxContext): Promise<void> {
  const { machines } = world.store.state.machines;
  const running = machines.filter((machine) => machine.guestPort !== null || waitsForGuest(machine));
  await Promise.allSettled(running.map((machine) => world.guests?.stop(machine.systemId)));
}

function guestOf(world: SandboxContext, machine: Machine): GuestMachine {
  return {
    systemId: machine.systemId,
    hostname: machine.hostname,
    fqdn: fqdnOf(world, machine),
    architecture: machine.architecture,
    mac: machine.nics[0]?.mac ?? '',
    deployment: machine.deployments,
    userData: machine.userData,
    sshKeys: sshKeysOf(world, machine.owner),
    address: loopbackOf(machine.systemId),
    kernelOptions: kernelOptions(world, machine),
  };
}

function imageOf(world: SandboxContext, machine: Machine): GuestImage {
  const { state, blobs } = world.store;
  const resource = state.resources.find((known) => known.id === machine.resource);
  const file = resource?.sets.findLast((set) => setComplete(world, set))?.files[0];
  const uploaded = resource?.type === 2 && file !== undefined;
  return {
    resource: resource?.name ?? `${machine.osystem}/${machine.distroSeries}`,
    blobPath: uploaded ? blobs.path(file.blob) : null,
    filetype: uploaded ? file.filetype : null,
    baseImage: resource?.baseImage ?? '',
  };
}
