/** Powers of 1024, as QEMU and Packer count. */
const SIZE = { K: 1, M: 2, G: 3, T: 4 } as const;
const SECONDS = { s: 1, m: 60, h: 3600 } as const;

export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;

/** Bytes of `9G`, `2048M` or `1.5GiB`; null for any other text, a fraction of a byte, and a size that is too large to count. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([KMGT])(?:iB)?$/i.exec(text);
  if (!match) return null;
  const unit = match[2]!.toUpperCase() as keyof typeof SIZE;
  const bytes = Number(match[1]) * 1024 ** SIZE[unit];
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Seconds of `45s`, `90m` or `2h`; null for any other text and a time that is too large to count. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+)([smh])$/.exec(text);
  if (!match) return null;
  const seconds = Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS];
  return Number.isSafeInteger(seconds) ? seconds : null;
}

/** Bytes (whole MiB) as `parseSize` reads them, in the largest unit that is exact. */
export function sizeText(bytes: number): string {
  return bytes % GIB === 0 ? `${bytes / GIB}G` : `${bytes / MIB}M`;
}

/** Seconds as `parseDuration` reads them, in the largest unit that is exact. */
export function timeText(seconds: number): string {
  if (seconds === 0) return '0s';
  const [unit, size] = Object.entries(SECONDS).findLast(([, size]) => seconds % size === 0)!;
  return `${seconds / size}${unit}`;
}

/** Seconds of an age: a time, days (`7d`) or null for `never`; undefined when it is none of them. */
export function parseAge(text: string | undefined): number | null | undefined {
  if (text === 'never') return null;
  const days = /^(\d+)d$/.exec(text ?? '');
  if (!days) return parseDuration(text ?? '') ?? undefined;
  const seconds = Number(days[1]) * 24 * SECONDS.h;
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}
