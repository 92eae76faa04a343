import type { Status } from './status.ts';
import type { StateTimeouts } from './types.ts';

/** Seconds where the configuration says nothing; a DGX takes minutes for its memory test before it even boots. */
export const TIMEOUTS: StateTimeouts = {
  commissioning: 1800,
  testing: 7200,
  deploying: 3600,
  releasing: 900,
  erasing: 86_400,
  rescue: 1800,
  other: 1800,
};

/** Machines worked on at once where the configuration says nothing. */
export const CONCURRENCY = 8;

const KIND: Partial<Record<Status, keyof StateTimeouts>> = {
  commissioning: 'commissioning',
  testing: 'testing',
  deploying: 'deploying',
  releasing: 'releasing',
  disk_erasing: 'erasing',
  entering_rescue_mode: 'rescue',
  exiting_rescue_mode: 'rescue',
};

/** Seconds that a machine may be in a status. */
export function timeoutOf(status: Status, timeouts: Partial<StateTimeouts> = {}): number {
  const kind = KIND[status] ?? 'other';
  return timeouts[kind] ?? TIMEOUTS[kind];
}
