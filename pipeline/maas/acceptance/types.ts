import {
  count,
  flag,
  list,
  matching,
  object,
  oneOf,
  orNull,
  type Shape,
  sha256,
  text,
  time,
} from '../../host/files/shape.ts';
import type { RemoteCommand } from '../../host/ssh/remote.ts';
import { VERDICT, type Verdict } from '../../image/checks/judge.ts';
import type { Severity } from '../../image/checks/types.ts';

/** The expectation of an output; every member that is given must hold. */
export interface OutputExpectation {
  equals?: string;
  contains?: string;
  hasLines?: string;
  /** Regular expressions, of lines. */
  matches?: string;
  notMatches?: string;
  /** A number or a placeholder. */
  lines?: number | string;
}

export interface AcceptanceCheck {
  id: string;
  title: string;
  /** The problem when it fails: "a systemd unit has failed". Null: its command names it. */
  wrong: string | null;
  severity: Severity;
  when: Condition;
  /** It looks at hardware of the platform, which a virtual machine does not have. */
  hardware: boolean;
  command: RemoteCommand;
  root: boolean;
  timeoutS: number;
  expect: {
    exit: number;
    stdout: OutputExpectation;
    stderr: OutputExpectation;
    fresh: 'deployment' | 'machine' | null;
  };
  why: string;
  fix: string;
}

/** For which images something is; what is not said holds for all. */
export interface Condition {
  release?: string[];
  profile?: string[];
  platform?: string[];
  /** Features that the platform must have, all of them. */
  has?: PlatformFeature[];
}

/** Features of a platform, by its row in templates/platforms.yaml. */
export type PlatformFeature = 'nvswitch' | 'nvlink5' | 'imex';

export interface LogCommand {
  id: string;
  when: Condition;
  command: RemoteCommand;
  root: boolean;
}

/** The checks of a file, with the sets that it uses; placeholders still unexpanded. */
export interface CheckList {
  checks: AcceptanceCheck[];
  logs: LogCommand[];
  /** By platform, where they are other than in templates/platforms.yaml. */
  gpus: Record<string, number>;
}

/** A file of logs beside the result. */
export interface CollectedLog {
  id: string;
  /** Relative to the result's folder; null where nothing could be had. */
  file: string | null;
  /** Bytes. */
  size: number;
  /** Why there is none, or what is left out. */
  note: string | null;
}

/** The result of one image on one MAAS. */
export interface Acceptance {
  format: 1;
  accepted: boolean;
  /** The image's name in the configuration. */
  image: string;
  /** The versioned name in MAAS, without custom/. */
  name: string;
  sha256: string;
  size: number;
  /** The target's name and its URL. */
  target: string;
  url: string;
  machine: {
    systemId: string;
    hostname: string;
    address: string | null;
    /** The key that it showed to ssh, "type base64". */
    hostKeys: string[];
  };
  /** ISO 8601, UTC. */
  startedAt: string;
  seconds: number;
  /** Seconds of deployment and until ssh answered; null where it did not come to that. */
  deployS: number | null;
  sshS: number | null;
  /** Fingerprint of the checks that apply. */
  checks: string;
  verdict: Verdict;
  logs: CollectedLog[];
  /** Whether the machine was given back. */
  released: 'released' | 'kept' | 'failed';
}

export const ACCEPTANCE: Shape<Acceptance> = object({
  format: oneOf(1),
  accepted: flag,
  image: text,
  name: text,
  sha256,
  size: count,
  target: text,
  url: text,
  machine: object({ systemId: text, hostname: text, address: orNull(text), hostKeys: list(text) }),
  startedAt: time,
  seconds: count,
  deployS: orNull(count),
  sshS: orNull(count),
  checks: text,
  verdict: VERDICT,
  logs: list(object({ id: text, file: orNull(matching(/logs\/[^/]+/)), size: count, note: orNull(text) })),
  released: oneOf('released', 'kept', 'failed'),
});
