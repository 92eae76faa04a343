import type { Fault } from '../core/faults/fault.ts';
import type { Severity } from '../image/checks/types.ts';
import type { Section } from '../image/diff/sections.ts';

/** What one night came to; `summary.json`, read again by the next night. */
export interface Night {
  format: 1;
  /** Sorts by time: 20261123T021500.123Z. */
  id: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  endedAt: string;
  seconds: number;
  /** Version of this program. */
  version: string;
  /** True: an earlier start of this night was interrupted. */
  continued: boolean;
  outcome: 'new' | 'unchanged' | 'broken';
  exitCode: number;
  /** The channel that good images are promoted to; null: none. */
  channel: string | null;
  /** The night this one is compared with. */
  since: { id: string; startedAt: string } | null;
  images: ImageNight[];
  pruned: PrunedTarget[];
}

export interface ImageNight {
  image: string;
  /** built: this night made its artifact; updated: an earlier one was uploaded, tried or promoted. */
  status: 'built' | 'updated' | 'unchanged' | 'failed';
  /** Why it was built, or why there was nothing to do. */
  reason: string;
  seconds: number;
  steps: Step[];
  failure: NightFault | null;
  /** Of this night, also one that a check rejected; null when no artifact came to be. */
  artifact: NightArtifact | null;
  /** The artifact before: what the next night compares with when this one has none. */
  before: NightArtifact | null;
  resources: { target: string; id: number; name: string }[];
  acceptances: AcceptedOn[];
  promoted: Promotion[];
  changes: ImageChanges | null;
}

/** A stage of the run, or what nightly does after it. */
export interface Step {
  step: string;
  state: 'ran' | 'fresh' | 'failed';
  seconds: number;
  summary: string;
}

export interface NightFault {
  step: string | null;
  code: Fault['code'];
  message: string;
  hint: string | null;
  detail: string | null;
  exitCode: number;
}

export interface NightArtifact {
  sha256: string;
  /** Bytes. */
  size: number;
  /** YYYYMMDD. */
  date: string;
  /** The checks that failed on it; null: it was not judged. */
  failing: FailedCheck[] | null;
}

export interface FailedCheck {
  id: string;
  title: string;
  /** What was found, in one sentence. Nights of earlier versions have none. */
  headline?: string;
  severity: Severity;
  found: string;
}

export interface Promotion {
  target: string;
  /** The channel's name in MAAS, without `custom/`. */
  name: string;
  moved: boolean;
  /** "now shows dgx1-5.0-20261123-1a2b3c4", or why it was left alone. */
  note: string;
}

/** What became of the artifact on a machine. */
export interface AcceptedOn {
  target: string;
  /** Host name. */
  machine: string;
  accepted: boolean;
  failing: FailedCheck[];
}

/** The difference to the artifact of the night before. */
export interface ImageChanges {
  /** Short digest of the artifact before, and what is said where a part could not be compared. */
  since: string;
  sameContent: boolean;
  size: { before: number; after: number };
  newlyFailing: FailedCheck[];
  fixed: FailedCheck[];
  /** Packages, kernels, sizes and the like; long parts are cut. */
  sections: (Section & { more: number })[];
  remarks: string[];
}

export interface PrunedTarget {
  target: string;
  deleted: string[];
  kept: number;
  failure: NightFault | null;
}
