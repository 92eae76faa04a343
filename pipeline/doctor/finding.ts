/**
 * ok: there and usable. optional: not there, and only some things need it. missing, too-old, unusable: something that
 * is needed does not work.
 */
export type Status = 'ok' | 'optional' | 'missing' | 'too-old' | 'unusable';

/** The finding on one prerequisite of the pipeline. */
export interface Finding {
  tool: string;
  neededFor: string;
  /** The version, or what was found instead; null: nothing. */
  found: string | null;
  status: Status;
  /** The command, or else the sentence, that repairs it. */
  fix: string | null;
  /** The Debian or Ubuntu package that brings it. */
  package: string | null;
}

/** Whether nothing can be built until this is repaired. */
export function isBlocking({ status }: Finding): boolean {
  return status === 'missing' || status === 'too-old' || status === 'unusable';
}
