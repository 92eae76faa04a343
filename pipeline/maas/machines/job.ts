import type { Fault } from '../../core/faults/fault.ts';
import type { MaasClient } from '../api/client.ts';
import type { Status } from './status.ts';
import type { Machine, WaitGoal } from './types.ts';

/** The decision of a job on one machine, made before anything is changed. */
export type Decision =
  | { do: 'start' }
  /** It is on its way already: only waited for. */
  | { do: 'wait'; why: string }
  /** It is there already. */
  | { do: 'nothing'; why: string }
  | { do: 'refuse'; fault: Fault };

/** Something done with many machines. */
export interface Job {
  /** As the command is called: deploy, release, … */
  name: string;
  /** The effect, for the question: "custom/dgx1-5.0 is installed, disks are overwritten". */
  what: string;
  /** Whether it harms what runs on the machine. */
  destructive: (machine: Machine) => boolean;
  decide: (machine: Machine) => Decision;
  start: (client: MaasClient, machine: Machine) => Promise<Machine>;
  /**
   * One request for many machines, in MAAS that has one: those of a list for which it can be used. What comes back is as `start` gives it;
   * a fault is every machine's.
   */
  startMany?: (client: MaasClient, machines: readonly Machine[]) => Promise<Machine[]>;
  /** Done before the first is started, for all of those that will be. */
  prepare?: (client: MaasClient, machines: readonly Machine[]) => Promise<void>;
  /** The status that it leads to. */
  until: WaitGoal;
  /** The instruction for a person at a machine whose power MAAS cannot control. */
  byHand: ((machine: Machine) => string) | null;
  /** A machine that rests in another state is waited for all the same, until its time is out. */
  patient?: boolean;
}

/** The result of one machine. */
export interface JobResult {
  hostname: string;
  systemId: string;
  before: Status;
  after: Status;
  outcome:
    | 'done'
    /** It was there before. */
    | 'already'
    /** Begun, and not waited for. */
    | 'started'
    /** Out of MAAS. */
    | 'deleted'
    | 'refused'
    | 'failed'
    | 'timeout'
    | 'ended'
    | 'gone'
    /** Not begun: the time for all was over before its turn. */
    | 'untouched';
  seconds: number;
  /** Why it is not a success, in one sentence. */
  cause?: string;
  remedy?: string;
  /** The last events and the ends of failed scripts. */
  detail?: string;
  /** For scripts: the fault's code or the cause's id. */
  reason?: string;
}

export function succeeded({ outcome }: Pick<JobResult, 'outcome'>): boolean {
  return ['done', 'already', 'started', 'deleted'].includes(outcome);
}
