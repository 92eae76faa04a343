import type { Fault } from '../core/faults/fault.ts';
import {
  anything,
  count,
  flag,
  list,
  number,
  object,
  oneOf,
  orNull,
  type Shape,
  sha256,
  text,
  time,
} from '../host/files/shape.ts';
import type { Severity } from '../image/checks/types.ts';
import type { Section } from '../image/diff/sections.ts';

/** The result of one night; `summary.json`, read again by the next night. */
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
  /** The finding, in one sentence. Nights of earlier versions have none. */
  headline?: string;
  severity: Severity;
  found: string;
}

export interface Promotion {
  target: string;
  /** The channel's name in MAAS, without `custom/`. */
  name: string;
  moved: boolean;
  /** "now has dgx1-5.0-20261123-1a2b3c4", or why it was left alone. */
  note: string;
}

/** The result of the artifact on a machine. */
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

const FAILED_CHECK: Shape<FailedCheck> = object({
  id: text,
  title: text,
  severity: oneOf('blocker', 'major', 'warning'),
  found: text,
});

const NIGHT_FAULT = object({
  step: orNull(text),
  code: text,
  message: text,
  hint: orNull(text),
  detail: orNull(text),
  exitCode: number,
}) as Shape<NightFault>;

const NIGHT_ARTIFACT: Shape<NightArtifact> = object({
  sha256,
  size: count,
  date: text,
  failing: orNull(list(FAILED_CHECK)),
});

const IMAGE_NIGHT = object({
  image: text,
  status: oneOf('built', 'updated', 'unchanged', 'failed'),
  reason: text,
  seconds: count,
  steps: list(object({ step: text, state: oneOf('ran', 'fresh', 'failed'), seconds: count, summary: text })),
  failure: orNull(NIGHT_FAULT),
  artifact: orNull(NIGHT_ARTIFACT),
  before: orNull(NIGHT_ARTIFACT),
  resources: list(object({ target: text, id: number, name: text })),
  acceptances: list(object({ target: text, machine: text, accepted: flag, failing: list(FAILED_CHECK) })),
  promoted: list(object({ target: text, name: text, moved: flag, note: text })),
  // Only written, never read again.
  changes: anything,
}) as Shape<ImageNight>;

/** A summary as it is kept. */
export const NIGHT: Shape<Night> = object({
  format: oneOf(1),
  id: text,
  startedAt: time,
  endedAt: time,
  seconds: count,
  version: text,
  continued: flag,
  outcome: oneOf('new', 'unchanged', 'broken'),
  exitCode: number,
  channel: orNull(text),
  since: orNull(object({ id: text, startedAt: time })),
  images: list(IMAGE_NIGHT),
  pruned: list(object({ target: text, deleted: list(text), kept: count, failure: orNull(NIGHT_FAULT) })),
});
