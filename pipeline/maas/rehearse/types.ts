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
  | { type: 'asked'; what: 'preseed' | 'user-data' | 'artifact' }
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
] as const;
/** A part of a deployment, in the order in which they come. */
export type Phase = (typeof PHASES)[number];

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
  until: 'deployed';
  curtin: string;
  ephemeral: { kind: 'own' | 'lean'; name: string };
  accelerator: 'kvm' | 'tcg';
  seconds: number;
  phases: Timed[];
  failure: Failure | null;
  /** The folder of console.log, install.log and what else curtin has posted. */
  folder: string;
}
