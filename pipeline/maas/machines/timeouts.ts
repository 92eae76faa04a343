import { fixedDefaults } from '../../config/defaults.ts';
import { MACHINES } from '../../config/settings/machines.ts';
import type { Status } from './status.ts';
import type { StateTimeouts } from './types.ts';

const KIND: Partial<Record<Status, keyof StateTimeouts>> = {
  commissioning: 'commissioning',
  testing: 'testing',
  deploying: 'deploying',
  releasing: 'releasing',
  disk_erasing: 'erasing',
  entering_rescue_mode: 'rescue',
  exiting_rescue_mode: 'rescue',
};

const DEFAULTS = fixedDefaults(MACHINES).timeouts;

/** Seconds that a machine may be in a status. */
export function timeoutOf(status: Status, timeouts: Partial<StateTimeouts> = {}): number {
  const kind = (Object.hasOwn(KIND, status) && KIND[status]) || 'other';
  return timeouts[kind] ?? DEFAULTS[kind];
}
