import type { StateTimeouts } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import type { Status } from './status.ts';

export type { StateTimeouts };

/** A machine as the list of MAAS has it. Power parameters are left out: they hold passwords. */
export interface Machine {
  systemId: string;
  hostname: string;
  fqdn: string;
  status: Status;
  /** The message of MAAS beside the status, such as the step of a deployment. */
  statusMessage: string;
  /** Why MAAS calls it broken. */
  errorDescription: string;
  /** Such as amd64/generic. */
  architecture: string;
  /** ipmi, redfish, virsh, lxd, manual, …; "" while none is set. */
  powerType: string;
  /** on, off, unknown or error, as last seen. */
  powerState: string;
  /** Name of the user who has it. */
  owner: string | null;
  locked: boolean;
  tags: string[];
  pool: string;
  zone: string;
  domain: string;
  /** The image that is or will be deployed: "custom" and "dgx1-5.0", or "ubuntu" and "jammy"; "" and "". */
  osystem: string;
  series: string;
  /** uefi, pxe, …; null while MAAS has not seen it boot. */
  bootMethod: string | null;
  /** Mount points of its storage layout, such as / and /boot/efi. */
  mounts: string[];
  ipAddresses: string[];
  /** Lower case, of every interface. */
  macs: string[];
  cpus: number;
  /** MiB. */
  memoryMiB: number;
  /** Decimal megabytes, as MAAS counts. */
  storageMB: number;
}

/** The machines that are meant; every condition given must hold, `names` and `systemIds` are alternatives. */
export interface Selector {
  /** Host names, FQDNs, system ids, or patterns with * and ?. */
  names?: readonly string[];
  /** Exact ids, as other calls returned them. */
  systemIds?: readonly string[];
  /** All of them. */
  tags?: readonly string[];
  /** One of them each. */
  pools?: readonly string[];
  zones?: readonly string[];
  statuses?: readonly Status[];
}

export interface WaitOptions {
  /** Seconds for all of it. */
  timeoutS?: number;
  /** Seconds in one status; the defaults of `machines.timeouts` where nothing is said. */
  timeouts?: Partial<StateTimeouts>;
  /**
   * The work has been started: a machine that leaves a passing status for another resting one than those waited for
   * counts as ended by somebody else.
   */
  started?: boolean;
  /**
   * Called after each look, with the number still waited for: starts others and gives them, so that no more than some
   * are on their way; an empty list: there are no others.
   */
  more?: (open: number) => Promise<readonly Machine[]>;
  emit: Emit;
  signal: AbortSignal;
  /** Milliseconds between requests at first; grows while nothing changes. */
  pollMs?: number;
  /** Milliseconds; for tests. */
  now?: () => number;
}

/** The awaited state: one of these statuses, or a condition. */
export type WaitGoal = readonly Status[] | ((machine: Machine) => 'reached' | 'failed' | undefined);

/** Why waiting for a machine ended. */
export type WaitOutcome =
  | 'reached'
  /** In a failed status. */
  | 'failed'
  | 'timeout'
  /** Somebody else ended the work. */
  | 'ended'
  /** MAAS no longer has it. */
  | 'gone';

export interface WaitResult {
  systemId: string;
  hostname: string;
  outcome: WaitOutcome;
  /** As last seen; undefined when MAAS never showed it. */
  machine: Machine | undefined;
  /** Seconds of waiting. */
  seconds: number;
}

export interface MachineEvent {
  id: number;
  /** As MAAS writes it: "Mon, 23 Nov. 2026 03:10:11". */
  time: string;
  level: string;
  type: string;
  description: string;
}

/** A commissioning, testing or installation script that did not pass. */
export interface FailedScript {
  name: string;
  status: string;
  exitStatus: number | null;
  /** The last lines of its output, without control characters. */
  output: string;
}

/** Why a machine failed. */
export interface Explanation {
  /** Id of the row of causes.ts, or "unknown". */
  id: string;
  /** One sentence. */
  cause: string;
  remedy: string;
  /** The newest last. */
  events: MachineEvent[];
  scripts: FailedScript[];
}

export interface DeployOptions {
  /** As MAAS takes it: custom/NAME, or ubuntu/jammy, jammy. */
  image: string;
  /** cloud-init user data, not encoded. */
  userData?: string | Buffer;
  /** Such as ga-20.04. */
  hweKernel?: string;
  /** For the event log of the machine. */
  comment?: string;
}

export interface ReleaseOptions {
  comment?: string;
  erase?: boolean;
  secureErase?: boolean;
  quickErase?: boolean;
}

/** The conditions of `allocate`; without any it takes any free machine. */
export interface AllocateRequest {
  systemId?: string;
  name?: string;
  tags?: readonly string[];
  pool?: string;
  zone?: string;
  /** Such as amd64 or amd64/generic. */
  architecture?: string;
  /** The name of the allocation, for `machines/?agent_name=`: finds it again when the answer or the process was lost. */
  agentName?: string;
  comment?: string;
}
