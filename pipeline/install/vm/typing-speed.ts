/** The speed at which Packer types the boot command into the ISO's boot menu. */
export interface TypingSpeed {
  /** Seconds from power-on to the first key. */
  bootWaitS: number;
  /** Milliseconds between keys. */
  keyIntervalMs: number;
}

/**
 * The paces to try, each slower than the one before: at 10 ms characters are dropped silently, at 30 ms and more
 * they arrived in every measured run, unless the host is busy.
 */
export function typingSpeeds(first: TypingSpeed): TypingSpeed[] {
  return [
    first,
    { bootWaitS: first.bootWaitS + 5, keyIntervalMs: Math.max(first.keyIntervalMs * 2, 100) },
    { bootWaitS: first.bootWaitS + 10, keyIntervalMs: Math.max(first.keyIntervalMs * 4, 250) },
  ];
}

export function slowerNotice(next: TypingSpeed): string {
  return `the typed boot command did not arrive; trying again more slowly (${next.bootWaitS} s before, ${next.keyIntervalMs} ms a key)`;
}
