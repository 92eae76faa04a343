import type { CurtinSource } from '../../config/settings/curtin.ts';
import type { EphemeralFiles } from '../../config/settings/ephemeral.ts';
import type { Emit } from '../../core/events/event.ts';
import type { Verdict } from '../../image/checks/judge.ts';
import type { ConditionSubject } from '../acceptance/applicable.ts';
import type { Values } from '../acceptance/placeholders.ts';
import type { CheckList } from '../acceptance/types.ts';
import type { OfferedEphemeral } from './offered.ts';

/** A disk of the rehearsal's machine, as curtin finds it: by its serial. */
export interface Disk {
  /** As MAAS would name it: `vda`. */
  name: string;
  serial: string;
  /** Bytes; the file is sparse. */
  bytes: number;
}

/** The server of a rehearsal's machine, and the names by which it knows the machine. */
export interface Identity {
  /** The server as the guest reaches it: `http://10.0.2.2:PORT`. */
  origin: string;
  /** The machine's id in MAAS. Whoever knows it may read the preseed, so it is random and a secret. */
  systemId: string;
  /** The name by which artifact and ephemeral are served, random as well. */
  images: string;
  hostname: string;
  mac: string;
}

/** The keys of the machine's node in MAAS, made for one rehearsal. */
export interface NodeKeys {
  consumerKey: string;
  tokenKey: string;
  tokenSecret: string;
}

/** An event that the guest has posted: curtin's, cloud-init's, or that of the lean ephemeral itself. */
export interface StatusEvent {
  kind: 'start' | 'finish' | 'progress';
  /** `cmd-install/stage-extract`. */
  name: string;
  description: string;
  origin: string;
  /** Of a finish: SUCCESS, WARN or FAIL. */
  result: string | null;
  files: PostedFile[];
}

export interface PostedFile {
  /** As the guest calls it; never used as a path. */
  path: string;
  content: Buffer;
}

/** A request of the guest to the rehearsal's server, as it happens. */
export type Sign =
  | { type: 'asked'; what: 'preseed' | 'installer' | 'artifact' | 'user-data' }
  | { type: 'netboot-off' }
  | { type: 'status'; event: StatusEvent };

export const PHASES = [
  'power-on',
  'ephemeral',
  'early',
  'partitioning',
  'network',
  'extract',
  'curthooks',
  'hook',
  'late',
  'end',
  'boot',
  'first-boot',
  'ssh',
  'checks',
  'reboots',
] as const;
/**
 * A part of a rehearsal, in the order in which they come. `boot` is from the power-on of the installed system until it asks for its user data (MAAS'
 * Deployed), `first-boot` until its cloud-init reports its end, `ssh` until that answers.
 */
export type Phase = (typeof PHASES)[number];

/** The end of a rehearsal: until curtin has ended, or until the acceptance checks of the booted system have. */
export type End = 'deployed' | 'accepted';

/** The address by which the booted system is entered. */
export interface Address {
  host: string;
  port: number;
  user: string;
  /** Of the private key, which is made for the rehearsal. */
  keyFile: string;
}

/** The acceptance checks of the booted system, and the image that they are for. */
export interface RehearsalChecks {
  list: CheckList;
  subject: ConditionSubject;
  /** For their placeholders, beside release and platform of the subject. */
  values?: Partial<Values>;
}

/** The systems to install from: files of the user, one made of packages, that of a mirror, and that of a MAAS. */
export const EPHEMERAL_KINDS = ['own', 'lean', 'mirror', 'maas'] as const;
export interface UsedEphemeral {
  kind: (typeof EPHEMERAL_KINDS)[number];
  /** The sum that decides it, the user's files, or what it is of which place, and who signed that. */
  name: string;
}

/** A machine of a sandbox, which is installed and booted as a rehearsal's. */
export interface RehearsalNode {
  /** Of this machine alone; whoever names it removes it. */
  folder: string;
  hostname: string;
  /** OpenSSH public keys that are let in, beside the rehearsal's own. */
  sshKeys: readonly string[];
  /** For cloud-init of the installed system; empty: none. */
  userData: string;
  /** Called with the phase under way, when something in it begins or ends. */
  entered(phase: Phase): void;
}

export interface RehearseRequest {
  artifact: string;
  /** `ubuntu/focal`. */
  baseImage: string;
  layout: string;
  until: End;
  /** Whom MAAS' keys let in: the image's default user of cloud-init. Absent: the one that it names on its console, else `ubuntu`. */
  user?: string;
  /** Null: of the booted system only cloud-init's status and ssh are looked at. */
  checks: RehearsalChecks | null;
  /** Called after the checks; the machine lives until it returns. `broken` is aborted where the host's fault ends the machine before. */
  shell: ((address: Address, broken: AbortSignal) => Promise<void>) | null;
  /** A file with the configuration of a real machine, as MAAS gives it to curtin; null: that of the layout. */
  curtinConfig: string | null;
  /** More disks than the layout needs; all are given to curtin. */
  disks: number;
  /** Bytes of each; null: by the size of the artifact. */
  diskBytes: number | null;
  /** MiB. */
  memory: number;
  kernelOptions: string;
  /** The installed system is booted with Secure Boot, by a firmware with Microsoft's keys. */
  secureBoot?: boolean;
  /** Null: none is named, which is an error. */
  curtin: CurtinSource | null;
  /** Null: the lean one. */
  ephemeral: EphemeralFiles | OfferedEphemeral | null;
  accelerator: 'auto' | 'kvm' | 'tcg';
  /** Times that the machine is rebooted after the checks. */
  reboots?: number;
  /** Seconds after the machine's user data are asked for at which its power is cut, so that the first boot begins again. */
  powerCut?: number | null;
  /** Absent: a machine that no MAAS has. */
  node?: RehearsalNode;
  /** Fetch the artifact by HTTP, as MAAS' machines do, also from the lean ephemeral. */
  wire?: boolean;
  /**
   * Layouts with which the machine is then released and deployed again, one after the other, on the disks that the deployments before have used; `same`:
   * as the first time.
   */
  redeploy?: readonly string[];
  /** Deploy although the disks of an earlier rehearsal have the same on them. */
  again?: boolean;
  /** Leave what the first boot has written, and the disks of a deployment that failed. */
  keep: boolean;
  cache: string;
  emit: Emit;
  signal: AbortSignal;
  /** For what acceptance checks remember of other machines. Absent: that of this process. */
  env?: NodeJS.ProcessEnv;
}

/** The time that a phase took. */
export interface Timed {
  phase: Phase;
  seconds: number;
}

/** The reason for which an image could not be deployed. */
export interface Failure {
  phase: Phase;
  /** The guest's own words, the most precise that it had. */
  said: string;
  /** Curtin's own error, where its log has one. */
  error: string | null;
  /** Null: the cause is not a known one. */
  cause: string | null;
  remedy: string | null;
  /** The last lines of curtin's log, or of the console where there is none. */
  log: { name: string; lines: string[] };
}

export interface Rehearsal {
  ok: boolean;
  artifact: string;
  baseImage: string;
  layout: string;
  /** The layouts that were on the disks before, in their order: of a machine that was released and deployed again. */
  after: string[];
  until: End;
  curtin: string;
  ephemeral: UsedEphemeral;
  accelerator: 'kvm' | 'tcg';
  secureBoot: boolean;
  seconds: number;
  /** An earlier rehearsal has deployed the same on the disks, which were booted again: when, and how long it took. Null: deployed by this one. */
  deployedBefore: { at: string; seconds: number } | null;
  phases: Timed[];
  failure: Failure | null;
  /** Of the checks of the booted system; null where it did not come to them. */
  acceptance: Verdict | null;
  /** A picture of the console's last screen: a PNG file in the folder. */
  screenshot: string | null;
  /** The folder of console.log, install.log and what else curtin has posted. */
  folder: string;
}
