import type { Status } from './status.ts';

export type PowerState = 'on' | 'off' | 'unknown' | 'error';

export interface Nic {
  id: number;
  name: string;
  mac: string;
}

export interface Partition {
  id: number;
  uuid: string;
  size: number;
  bootable: boolean;
  filesystem: Filesystem | null;
}

export interface Filesystem {
  fstype: string;
  label: string;
  mountPoint: string;
  uuid: string;
}

/** A disk, or what a storage layout builds on disks. */
export interface Disk {
  id: number;
  type: 'physical' | 'virtual';
  name: string;
  model: string;
  serial: string;
  /** Bytes. */
  size: number;
  tableType: 'GPT' | 'MBR' | null;
  partitions: Partition[];
  filesystem: Filesystem | null;
}

/** The facts that commissioning finds; before it MAAS does not know them. */
export interface Hardware {
  cpuCount: number;
  /** MHz */
  cpuSpeed: number;
  /** MiB */
  memory: number;
  disks: { name: string; model: string; serial: string; size: number }[];
  nics: { name: string; mac: string }[];
  info: Record<string, string>;
  biosBootMethod: 'uefi' | 'pxe';
}

/** The way a machine is on, one step after another; see programs.ts. */
export interface Run {
  program: string;
  /** Index of the next step. */
  step: number;
  /** Milliseconds since 1970 at which the next step happens; null waits for `waitsFor`. */
  due: number | null;
  /** The event that it waits for when nothing is due. */
  waitsFor: 'power-on' | 'install' | 'guest' | 'timeout' | null;
  /** The time at which MAAS gives up. */
  expires: number | null;
  /** Back there when power cannot be controlled. */
  from: Status;
}

export interface ScriptResult {
  id: number;
  name: string;
  status: number;
  exitStatus: number | null;
  started: number | null;
  ended: number | null;
  output: string;
  stderr: string;
}

export interface ScriptSet {
  id: number;
  systemId: string;
  /** 0 commissioning, 1 installation, 2 testing, 3 release */
  type: number;
  results: ScriptResult[];
}

export interface Machine {
  id: number;
  systemId: string;
  hostname: string;
  /** Ids of domain, zone and pool. */
  domain: number;
  zone: number;
  pool: number;
  description: string;
  architecture: string;
  minHweKernel: string;
  hweKernel: string | null;
  status: Status;
  previousStatus: Status;
  errorDescription: string;
  /** user name */
  owner: string | null;
  agentName: string;
  locked: boolean;
  netboot: boolean;
  tags: string[];
  powerType: string;
  powerParameters: Record<string, string | string[]>;
  /** The state as MAAS knows it. */
  powerState: PowerState;
  /** The true state. */
  powered: boolean;
  osystem: string;
  distroSeries: string;
  ephemeralDeploy: boolean;
  swapSize: number | null;
  cpuCount: number;
  cpuSpeed: number;
  memory: number;
  nics: Nic[];
  disks: Disk[];
  /** As the last layout was called; null before the first. */
  layout: string | null;
  biosBootMethod: string | null;
  hardwareInfo: Record<string, string>;
  /** The true hardware, for the next commissioning. */
  hardware: Hardware;
  commissioningSet: number | null;
  installationSet: number | null;
  testingSet: number | null;
  releaseSet: number | null;
  run: Run | null;
  /** Deployments so far. */
  deployments: number;
  userData: string;
  /** While it has one: where it is reached. */
  address: string | null;
  guestPort: number | null;
  /** An image with this id in boot-resources is on the disk. */
  resource: number | null;
  /** The newest event of level INFO or more. */
  statusMessage: string | null;
  statusAction: string | null;
}

export interface MachineEvent {
  id: number;
  systemId: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Key of event-types.ts. */
  type: string;
  description: string;
  /** The action of the user, such as "start commissioning"; empty for other events. */
  action: string;
  user: string;
}

export interface Tag {
  name: string;
  definition: string;
  comment: string;
  kernelOpts: string;
}

/** Machines, their tags and events. */
export interface MachinesState {
  machines: Machine[];
  tags: Tag[];
  /** The oldest first. */
  events: MachineEvent[];
  scriptSets: ScriptSet[];
  /** Milliseconds that the clock was put forward. */
  skew: number;
  next: { machine: number; event: number; part: number; scriptSet: number; script: number; address: number };
}

export function freshMachines(): MachinesState {
  return {
    machines: [],
    tags: [],
    events: [],
    scriptSets: [],
    skew: 0,
    next: { machine: 1, event: 1, part: 1, scriptSet: 1, script: 1, address: 1 },
  };
}
