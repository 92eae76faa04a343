import type { Users } from './keys.ts';
import type { Failure } from './machines/failures.ts';
import type { Guests } from './machines/guests.ts';
import type { Timing } from './machines/timing.ts';
import type { Store } from './store.ts';
import type { Traits } from './versions.ts';

/** The context of every handler. */
export interface SandboxContext {
  traits: Traits;
  store: Store;
  users: Users;
  /** Regions of this MAAS; more than one only on 3.5 and later. */
  regions: number;
  /** Milliseconds after the last byte until the other regions have their copy. */
  syncMs: number;
  /** Architectures with an imported kernel, initrd and squashfs. */
  architectures: string[];
  /** Milliseconds since 1970. */
  now(): number;
  /** The folder for bodies that are too long for memory. */
  spool: string;
  /** The arrival of the last PUT that changed each blob: one that began before it comes too late. */
  changes: Map<string, number>;
  /** The number of the newest arrival. */
  arrivals: number;
  /** The failure rules of machines that are in force. */
  failures: Failure[];
  /** The durations of a machine's steps. */
  pace: Timing;
  /** The ssh servers of deployed machines. */
  guests: Guests | undefined;
  /** URL of this server, ends in /MAAS. */
  url: string;
}
