/** A figure of a benchmark and the most that it may be. */
export interface Goal {
  /** The figure; null: it could not be measured here. */
  now: number | null | undefined;
  most: number;
  /** Of both; nothing for a ratio. */
  unit?: 's' | 'MB';
}

/** The goals in the last line of a benchmark; null: it could not be measured here. */
export interface Judged {
  goals: Record<string, boolean | null>;
  /** The figure of each, to three decimals, with its unit. */
  now: Record<string, string | null>;
}

/** Judges goals by their figures, so that a name, its figure and its verdict are of one place. */
export function judged(goals: Record<string, Goal>): Judged {
  const each = Object.entries(goals);
  return {
    goals: Object.fromEntries(each.map(([name, { now, most }]) => [name, now == null ? null : now <= most])),
    now: Object.fromEntries(
      each.map(([name, { now, unit }]) => [
        name,
        now == null ? null : `${figure(now)}${unit ? ` ${unit}` : ''}`,
      ]),
    ),
  };
}

const figure = (value: number) => String(Math.round(value * 1000) / 1000);
