/** The duration of each stretch of a machine's life, in milliseconds. */
export interface Timing {
  /** A BMC carries out a request. */
  power: number;
  /** From power to PXE, and from PXE to the ephemeral system. */
  boot: number;
  /** All commissioning scripts. */
  commission: number;
  /** All tests. */
  test: number;
  /** Each of curtin's stages. */
  install: number;
  /** From curtin's end to the first boot of what it installed. */
  reboot: number;
  /** Wiping the disks. */
  erase: number;
  /** The time limit of MAAS (its node_timeout, 30 minutes). */
  nodeTimeout: number;
  /** The same for a release (5 minutes). */
  releaseTimeout: number;
}

const REAL_MINUTE = 60_000;

/** Seconds where a real machine takes minutes. */
export const DEFAULT_TIMING: Timing = {
  power: 500,
  boot: 1000,
  commission: 2000,
  test: 1000,
  install: 1000,
  reboot: 1000,
  erase: 3000,
  nodeTimeout: 30 * REAL_MINUTE,
  releaseTimeout: 5 * REAL_MINUTE,
};

/** @param speed divides every duration. */
export function timingOf(given: Partial<Timing> = {}, speed = 1): Timing {
  const pace = { ...DEFAULT_TIMING, ...given };
  return Object.fromEntries(
    Object.entries(pace).map(([name, duration]) => [name, Math.max(1, duration / speed)]),
  ) as unknown as Timing;
}
