import type { Sidecar } from './sidecar.ts';

/** One verified item and its result; "not-verified" says why it could not be verified. */
export interface Finding {
  /** `rehearsal` is there only where the file was rehearsed. */
  check: 'sums' | 'manifest' | 'sbom' | 'provenance' | 'signature' | 'rehearsal';
  state: 'verified' | 'failed' | 'not-verified';
  said: string;
}

export interface Verification {
  /** Nothing failed, and at least one record says what the file should be. */
  ok: boolean;
  file: string;
  sha256: string;
  size: number;
  /** The signature of the given key is good and is over this file's digest and name. */
  signed: boolean;
  /** The name that was signed for this file's digest, by whatever key was given; null without a good signature. */
  signedAs: string | null;
  findings: Finding[];
}

/** The files beside an artifact, each read once: what one check has seen is what the next one judges. */
export type Sidecars = Record<'manifest' | 'sbom' | 'provenance' | 'signature' | 'sums', Sidecar | null>;
