import type { AcceptanceConfig, ImageConfig, Release, StateTimeouts } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import type { LedgerEntry } from '../../workspace/ledger/ledger.ts';
import type { ChosenTarget } from '../images/choose-targets.ts';
import type { System } from './applicable.ts';
import type { CheckList } from './types.ts';

/** An upload, as the ledger has it. */
export type Uploaded = Pick<
  LedgerEntry,
  'name' | 'architecture' | 'sha256' | 'size' | 'title' | 'baseImage' | 'filetype' | 'file' | 'validated'
>;

/** One image that is tried on one machine of one MAAS. */
export interface AcceptRequest {
  target: ChosenTarget;
  image: Pick<ImageConfig, 'name' | 'release' | 'platform' | 'version'>;
  release: Pick<Release, 'profile'>;
  /** Of `systemOf`. */
  system: System | null;
  /** The image that is deployed. */
  upload: Uploaded;
  config: Omit<AcceptanceConfig, 'checksFile'>;
  checks: CheckList;
  /** Seconds that a machine may be in a state. */
  timeouts: StateTimeouts;
  /** Of the image, where it is known. */
  kernel: string | null;
  /** Gets the result and the logs; emptied first. */
  dir: string;
  /** Leave the machine deployed. */
  keep: boolean;
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
  /** Milliseconds between two looks at what is waited for; for tests. */
  pollMs?: number;
}
