import { copyFile, writeFile } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { Firmware } from '../../host/firmware.ts';
import { supervise } from '../../host/process/supervise.ts';
import { $ } from '../../host/process/tool.ts';
import { connectMonitor, forwardedPort } from '../../host/vm/monitor.ts';
import { processorOf } from '../../host/vm/processor.ts';
import { watchStops } from '../../host/vm/stops.ts';
import { rehearsalFiles } from '../../workspace/layout.ts';
import { DISK_LABEL, type Ephemeral } from './ephemeral.ts';
import { paths } from './identity.ts';
import { machineStopped, variablesNotWritten } from './machine-stopped.ts';
import type { Disk, Identity } from './types.ts';

export interface MachineRequest {
  /** Of this rehearsal alone. */
  folder: string;
  identity: Identity;
  /** Null: the machine boots what is installed on its disks. */
  ephemeral: Ephemeral | null;
  /** Given as a disk, which needs no emulated network; null: it is fetched by HTTP. */
  artifact: string | null;
  /** Given to the machine beside MAAS' own; curtin carries them to the installed system. */
  kernelOptions: string;
  disks: readonly Disk[];
  /** The disks and variables that an earlier deployment has left; absent: new ones. */
  used?: UsedMachine | null;
  firmware: Firmware;
  accelerator: 'kvm' | 'tcg';
  /** MiB. */
  memory: number;
}

/** Disks and variables of a machine that was released: nothing is erased, as in MAAS by default. */
export interface UsedMachine {
  disk(name: string): string;
  efiVars: string;
}

/** A machine that runs. */
export interface RunningMachine {
  /** On this host's loopback: the guest's port 22. */
  sshPort: number;
  /** Writes a picture of its screen. @throws errors of QEMU */
  picture(path: string): Promise<void>;
}

export interface RunOptions {
  emit: Emit;
  signal: AbortSignal;
  /** Called as soon as it runs. */
  onRunning?(machine: RunningMachine): void;
  /** Called when QEMU has stopped it for a reason of this host's: it stays so, and its caller ends it by `signal`. */
  onStopped(fault: Fault): void;
}

/** The serial of the artifact's disk. Its last sector is filled with zeros, which gzip, xz and bzip2 leave out (GNU tar 1.34 was asked). */
const ARTIFACT = 'artifact';
/** By which curtin finds it: a path needs no download. */
export const ARTIFACT_SOURCE = `file:///dev/disk/by-id/virtio-${ARTIFACT}`;

/**
 * For the lean ephemeral alone, before the dashes: the installed system does not get them. Guards that cost much where everything is emulated. With
 * norandmaps a program has the same addresses each time that it is started: QEMU keeps translated code by them, too, and otherwise translates it anew.
 */
export const LEAN_OPTIONS = 'norandmaps mitigations=off init_on_alloc=0 apparmor=0 nowatchdog tsc=reliable';

/** A new mirror is synchronised with the zeros of its first disk, which would fill the file of the second one: they stay holes. */
const DISK = ',format=qcow2,cache=unsafe,detect-zeroes=unmap';

/**
 * An error of a file on this host stops the machine; by QEMU's default the guest would see all but the want of space, and the image be blamed. A disk that is
 * read-only is written by a guest's mistake alone, which is not the host's (QEMU 7.2 was asked: EPERM).
 */
const STOPS = { written: ',werror=stop,rerror=stop', readOnly: ',rerror=stop' };

const variablesOf = ({ folder, ephemeral }: Pick<MachineRequest, 'folder' | 'ephemeral'>) =>
  rehearsalFiles(folder)[ephemeral ? 'efiVars' : 'bootVars'];

/** Reads as a QEMU size and file name: a comma parts options. */
const escaped = (path: string) => path.replaceAll(',', ',,');

/**
 * The command line of the machine. What is secret is not in it, since every user of the host sees it: kernel and parameters are in the
 * file of `machineConfig`.
 */
export function machineArgv({
  folder,
  identity,
  ephemeral,
  artifact,
  disks,
  firmware,
  accelerator,
  memory,
}: MachineRequest): [string, ...string[]] {
  const files = rehearsalFiles(folder);
  const flash = (path: string, more: string) => [
    '-drive',
    `if=pflash,format=raw,file=${escaped(path)}${more}`,
  ];
  const drive = (id: string, path: string, serial: string, more: string, stops: string) => [
    ...['-drive', `if=none,id=${id},file=${escaped(path)},discard=unmap${more}`],
    ...['-device', `virtio-blk-pci,drive=${id},serial=${serial}${stops}`],
  ];
  const readOnly = (id: string, path: string, serial: string) =>
    drive(id, path, serial, ',format=raw,readonly=on', STOPS.readOnly);
  // A deployment is one process after the other: a second emulated processor, and what both do to agree, costs more than it does. The installed
  // system starts its units at the same time.
  const processors = ephemeral && accelerator === 'tcg' ? '1' : '2';
  // The installed system runs on overlays, so that what curtin left can be booted again.
  const ofDisk = ({ name }: Disk) => (ephemeral ? files.disk(name) : files.overlay(name));
  return [
    'qemu-system-x86_64',
    ...['-no-user-config', '-nodefaults', '-display', 'none'],
    // The ephemeral's end is that of the deployment; the installed system may reboot.
    ...(ephemeral ? ['-no-reboot'] : []),
    ...['-machine', `q35${firmware.smm ? ',smm=on' : ''}`],
    // Only the firmware itself may write its variables: without it nobody could rely on the keys.
    ...(firmware.smm ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
    // A larger cache of translated code saves a tenth.
    ...['-accel', accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi,tb-size=512'],
    ...['-cpu', processorOf(accelerator, 'amd64'), '-smp', processors, '-m', String(memory)],
    ...flash(firmware.code, ',readonly=on'),
    ...flash(variablesOf({ folder, ephemeral }), ''),
    // The network first: its slot on the bus gives the interface its name.
    ...['-netdev', `user,id=net0${ephemeral ? '' : ',hostfwd=tcp:127.0.0.1:0-:22'}`],
    ...['-device', `virtio-net-pci,netdev=net0,mac=${identity.mac},romfile=`],
    ...disks.flatMap((disk) => drive(disk.name, ofDisk(disk), disk.serial, DISK, STOPS.written)),
    ...(ephemeral?.disk ? readOnly('ephemeral', ephemeral.disk, DISK_LABEL) : []),
    ...(ephemeral && artifact !== null ? readOnly('artifact', artifact, ARTIFACT) : []),
    ...['-object', 'rng-random,id=rng0,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng0'],
    ...['-serial', `file:${escaped(ephemeral ? files.rawConsole : files.rawBootConsole)}`],
    ...['-qmp', `unix:${basename(files.monitor)},server=on,wait=off`],
    ...(ephemeral ? ['-readconfig', files.machine] : ['-device', 'VGA,romfile=']),
  ];
}

/** The kernel's parameters: those of MAAS' own ephemeral, or what takes their identity where the root is a disk. */
export function kernelLine({
  identity,
  ephemeral,
  kernelOptions,
  accelerator,
}: Pick<MachineRequest, 'identity' | 'kernelOptions' | 'accelerator'> & { ephemeral: Ephemeral }): string {
  const { byId, image } = paths(identity);
  // On a busy host an emulated timer is found broken (Linux 6.1: "IO-APIC + timer doesn't work"); with KVM Linux leaves the test out by itself.
  const emulated = accelerator === 'tcg' ? 'no_timer_check ' : '';
  const url = `${emulated}cloud-config-url=${identity.origin}${byId}?op=get_preseed`;
  // Curtin takes what follows the dashes over to the installed system. The console is ours.
  const end = ['---', 'console=ttyS0', kernelOptions].filter(Boolean).join(' ');
  if (ephemeral.disk !== null)
    return `nomodeset ${LEAN_OPTIONS} boot=live live-media=/dev/disk/by-label/${DISK_LABEL} nopersistence ${url} ${end}`;
  const mac = identity.mac.replaceAll(':', '-');
  return (
    `nomodeset root=squash:${identity.origin}${image('squashfs')} ip=::::${identity.hostname}:BOOTIF:dhcp ip6=off ` +
    `cc:{'datasource_list': ['MAAS']}end_cc ${url} ro overlayroot=tmpfs overlayroot_cfgdisk=disabled BOOTIF=01-${mac} ${end}`
  );
}

/** QEMU's own configuration file, which may hold what its command line may not. */
export function machineConfig(request: MachineRequest & { ephemeral: Ephemeral }): string {
  const { kernel, initrd } = request.ephemeral;
  const line = (name: string, value: string) => `  ${name} = "${value}"\n`;
  return `[machine]\n${line('kernel', kernel)}${line('initrd', initrd)}${line('append', kernelLine(request))}`;
}

const REASON = 'run the machine of a rehearsal';

/**
 * Makes the machine's disks, and its firmware's variables: empty and sparse, or overlays on used ones.
 * @throws Fault TOOL_MISSING, errors of the system
 */
export async function prepareMachine(
  request: MachineRequest & { ephemeral: Ephemeral },
  signal: AbortSignal,
): Promise<void> {
  const { folder, disks, used, firmware } = request;
  const files = rehearsalFiles(folder);
  await copyFile(used?.efiVars ?? firmware.vars, files.efiVars);
  for (const { name, bytes } of disks)
    if (used) await overlayOn(used.disk(name), files.disk(name), signal);
    else
      await $({ signal, reason: REASON })`qemu-img create -q -f qcow2 ${files.disk(name)} ${String(bytes)}`;
  await writeFile(files.machine, machineConfig(request), { mode: 0o600 });
}

/** Makes new overlays on the deployed disks, and a copy of the variables that the deployment left. @throws Fault TOOL_MISSING, errors of the system */
export async function prepareBoot({ folder, disks }: MachineRequest, signal: AbortSignal): Promise<void> {
  const files = rehearsalFiles(folder);
  await copyFile(files.efiVars, files.bootVars);
  for (const { name } of disks) await overlayOn(files.disk(name), files.overlay(name), signal);
}

async function overlayOn(disk: string, overlay: string, signal: AbortSignal): Promise<void> {
  // By the path from one to the other: the folder may be moved.
  const base = relative(dirname(overlay), disk);
  await $({ signal, reason: REASON })`qemu-img create -q -f qcow2 -F qcow2 -b ${base} ${overlay}`;
}

/**
 * Runs the machine until it turns itself off; it ends when we do, however that is.
 * @returns what QEMU said, when it ended by an error
 * @throws Fault TOOL_MISSING, or the reason of `signal`
 */
export async function runMachine(
  request: MachineRequest,
  options: RunOptions,
  argv = machineArgv(request),
): Promise<{ failed: string | null }> {
  const { emit, signal } = options;
  const said: string[] = [];
  const over = new AbortController();
  const running = monitored(request, over.signal, options);
  try {
    const { exitCode, signal: by } = await supervise(argv, {
      cwd: request.folder,
      guarded: true,
      graceMs: 2000,
      signal,
      reason: REASON,
      onLine(line) {
        emit({ type: 'log', source: 'qemu', line });
        const unwritten = variablesNotWritten(line, variablesOf(request));
        if (unwritten) options.onStopped(unwritten);
        if (said.push(line) > 12) said.shift();
      },
    });
    if (exitCode === 0) return { failed: null };
    return { failed: said.join('\n') || (by ? `ended by ${by}` : `exit code ${exitCode}`) };
  } finally {
    over.abort();
    await running;
  }
}

/** The machine; a test has one of its own. */
export type RunMachine = typeof runMachine;

/** The files of a disk by its id, the uppermost first; those of an overlay with what is below it. */
function filesOf(request: MachineRequest, id: string | null): string[] {
  const { folder, ephemeral, artifact, disks, used } = request;
  const files = rehearsalFiles(folder);
  if (disks.some(({ name }) => name === id)) {
    const disk = files.disk(id!);
    return ephemeral ? [disk, ...(used ? [used.disk(id!)] : [])] : [files.overlay(id!), disk];
  }
  const file = { ephemeral: ephemeral?.disk, artifact }[id as 'ephemeral' | 'artifact'];
  return file ? [file] : [];
}

/** Follows the machine by its monitor, and leaves that when the machine has ended. */
async function monitored(
  request: MachineRequest,
  over: AbortSignal,
  { onRunning, onStopped }: Pick<RunOptions, 'onRunning' | 'onStopped'>,
): Promise<void> {
  const stops = watchStops((stop) => onStopped(machineStopped(stop, filesOf(request, stop.disk))));
  try {
    const { folder } = request;
    const { monitor: socket } = rehearsalFiles(folder);
    const monitor = await connectMonitor(folder, basename(socket), over, stops.see);
    over.addEventListener('abort', () => monitor.close(), { once: true });
    await stops.ask(monitor);
    onRunning?.({
      sshPort: await forwardedPort(monitor, 22),
      picture: async (path) => void (await monitor.execute('screendump', { filename: path, format: 'png' })),
    });
  } catch {
    // It ended before it ran: its exit code says so.
  }
}

/** Whether a file can be given to QEMU in its configuration file, which has no escapes. @throws Fault PATH_UNUSABLE */
export function expectPlainPath(path: string): void {
  if (/["\n]/.test(path))
    throw new Fault(
      'PATH_UNUSABLE',
      `The path ${path} cannot be given to QEMU: a quotation mark or a line break is in it`,
      {
        hint: 'Use another folder for `cache:`.',
      },
    );
}
