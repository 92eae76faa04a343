/** Times of a queue in milliseconds; tests make them short. */
export interface Timing {
  /** A worker that is not heard for so long has lost its unit. Redis may be away nearly as long. */
  lockMs: number;
  /** Between two renewals of the lock. */
  renewMs: number;
  /** Between two looks for units whose worker was lost. */
  stalledMs: number;
  /** Between two signs of life of a worker. */
  heartbeatMs: number;
  /** A worker without a sign of life for so long is not counted. */
  aliveMs: number;
  /** Between two looks at the units that are followed, beside the events that report them. */
  pollMs: number;
  /** The shortest time between two reports of a unit's advance. */
  reportMs: number;
  /** The first pause before a failed unit is tried again; then twice that. */
  retryMs: number;
  /** Between two attempts to reach the store. */
  storeRetryMs: number;
  /** The longest wait for the store before a try counts as failed. */
  storeWaitMs: number;
  /** A Redis that does not answer for so long at the start is not waited for. */
  connectMs: number;
}

/**
 * BullMQ's own lock ends after 30 s. A Redis that is away for a minute must not cost a build of an hour, so it is longer, and the
 * loss of a worker is noticed after at most the lock and two looks.
 */
export const TIMING: Timing = {
  lockMs: 90_000,
  renewMs: 15_000,
  stalledMs: 15_000,
  heartbeatMs: 5000,
  aliveMs: 20_000,
  pollMs: 3000,
  reportMs: 250,
  retryMs: 10_000,
  storeRetryMs: 5000,
  storeWaitMs: 600_000,
  connectMs: 10_000,
};
