import { createHash } from 'node:crypto';
import { count, matching, object, oneOf, orNull, type Shape, sha256, text } from '../host/files/shape.ts';
import type { Capability } from '../nightly/labels.ts';
import type { StageId } from '../stages/rows.ts';

/** The stages up to this one are the work of a worker; the later ones need little and are done where the night runs. */
export const UNTIL = 'pack' satisfies StageId;

/** The host that a build needs. */
export interface Need {
  way: Capability;
  /** As MAAS and Debian call it: amd64. */
  architecture: string;
  /** The sum of the ISO, or of the root, that is a file and so must be on the worker; null: it is downloaded. */
  iso: string | null;
}

/** The program and the configuration that a unit is for: another one would make another result. */
export interface Origin {
  /** Of the package. */
  version: string;
  /** Version and, in a clone, sources: SHA-256. */
  program: string;
  /** The configuration file's SHA-256. */
  config: string;
}

/** The build of one image, as it lies in Redis: names and digests, never a configuration or a secret. */
export interface Unit extends Origin {
  format: 1;
  image: string;
  need: Need;
  /** The first stage that builders share, with its fingerprint, by which those who ask for the same build meet. */
  stage: string;
  fingerprint: string;
  /** A build that was begun earlier does not count (milliseconds since 1970); null: any does. */
  builtSince: number | null;
  /** Tries, with those that ended with their worker. */
  tries: number;
  /** Workers that were lost before the first of these tries, where it was submitted again. */
  lostBefore: number;
}

const NEED: Shape<Need> = object({
  way: oneOf('kvm', 'tcg', 'namespace'),
  architecture: matching(/^[a-z0-9]{1,32}$/),
  iso: orNull(sha256),
});

/** A unit as it is read from Redis, where others write too. */
export const UNIT: Shape<Unit> = object({
  format: oneOf(1),
  image: text,
  version: text,
  program: sha256,
  config: sha256,
  need: NEED,
  stage: text,
  fingerprint: text,
  builtSince: orNull(count),
  tries: count,
  lostBefore: count,
});

/** The end of a unit, as a worker reports it. */
export interface UnitResult {
  /** Host and process of the worker. */
  worker: string;
  seconds: number;
  /** Fingerprints of the results that are in the store, and short digests of their inputs by name. */
  results: { stage: string; fingerprint: string; inputs: Record<string, string> }[];
}

const short = (value: string) => createHash('sha256').update(value).digest('hex').slice(0, 12);

/** "kvm", "namespace-arm64", "tcg-iso-0123456789ab". */
export function labelOf({ way, architecture, iso }: Need): string {
  return [
    way,
    ...(architecture === 'amd64' ? [] : [architecture]),
    ...(iso ? [`iso-${iso.slice(0, 12)}`] : []),
  ].join('-');
}

/** The queue of a need, for one program and configuration: others never see its units. */
export function queueName(need: Need, { program, config }: Origin): string {
  return `${labelOf(need)}@${short(`${program} ${config}`)}`;
}

/** The same for all who ask for the same build, so that it is in the queue once. */
export function unitId({ image, stage, fingerprint, program, config }: Omit<Unit, 'format'>): string {
  return `${image}.${short([image, stage, fingerprint, program, config].join('\n'))}`;
}

/** Short digests of inputs by name: they show which differ, and nothing else. */
export function inputDigests(inputs: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, short(JSON.stringify(value))]),
  );
}
