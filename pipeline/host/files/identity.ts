import type { BigIntStats } from 'node:fs';

/** The file that a path leads to, and its state: another text after every write, except one within the same tick of the kernel's clock. */
export function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

/** Nanoseconds; the kernel's clock of files advances every 1 to 10 ms, that of some network file systems every second. */
const TICK = 2_000_000_000n;

/** Whether the file was written so recently that another write might have the same times. */
export function isFresh({ mtimeNs, ctimeNs }: BigIntStats, nowMs = Date.now()): boolean {
  const written = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  return BigInt(Math.round(nowMs)) * 1_000_000n - written < TICK;
}
