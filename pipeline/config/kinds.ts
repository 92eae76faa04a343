import { absolutePath } from './paths.ts';
import type { Kind } from './setting.ts';
import { MIB, parseDuration, parseSize, sizeText, timeText } from './units.ts';
import { dotted, type Path, type Problem, quoted } from './yaml/problem.ts';

interface Pattern {
  pattern: string;
  accepts: string;
}

function same<T>(value: T): T {
  return value;
}

/** The value at this path is refused. */
export function refused(path: Path, accepts: string, message: string): Problem {
  return { path, at: 'value', message: `${dotted(path)}: ${message}`, accepts };
}

/** Text that is not empty, or that matches the pattern. */
export function text(
  form?: Pattern,
  wrong?: (text: string) => { message?: string; accepts: string } | null,
): Kind<string, string> {
  const matches = form && new RegExp(form.pattern);
  return {
    schema: form
      ? { type: 'string', pattern: form.pattern, patternErrorMessage: form.accepts }
      : { type: 'string', minLength: 1 },
    accepts: form?.accepts ?? 'text',
    read: same,
    write: same,
    parse: (given) => ((matches ? matches.test(given) : given !== '') && !wrong?.(given) ? given : undefined),
    problems(written, path) {
      const found = wrong?.(written);
      return found
        ? [refused(path, found.accepts, found.message ?? `${quoted(written)} is not accepted`)]
        : [];
    },
  };
}

/** A path, relative to the file or, on the command line and in the environment, to the current folder. */
export function path(accepts = 'a path'): Kind<string, string> {
  return { ...text(), accepts, read: absolutePath };
}

/** The path of a private key; somebody may paste the key itself. */
export function keyPath(): Kind<string, string> {
  const pattern = '^(?!-----BEGIN)[^\\n]+$';
  const accepts = 'the path of a file that holds the key; the key itself is never written here';
  const { problems, ...kind } = text({ pattern, accepts });
  return { ...kind, schema: { ...kind.schema, minLength: 1 }, accepts: 'a path', read: absolutePath };
}

export function choice<const C extends string>(...choices: C[]): Kind<C, C> {
  return {
    schema: { enum: choices },
    accepts: choices.join(', '),
    choices,
    read: same,
    write: same,
    parse: (given) => choices.find((one) => one === given),
  };
}

export function yesNo(): Kind<boolean, boolean> {
  return { schema: { type: 'boolean' }, accepts: 'true or false', read: same, write: same };
}

/**
 * A whole number from `least` to `most`.
 * @param unit what is counted, such as days
 */
export function count(least: number, most: number, unit?: string): Kind<number, number> {
  return {
    schema: { type: 'integer', minimum: least, maximum: most },
    accepts: `a whole number${unit ? ` of ${unit}` : ''}, at least ${least}, at most ${most}`,
    read: same,
    write: same,
    parse(given) {
      const value = /^\d{1,9}$/.test(given) ? Number(given) : -1;
      return value >= least && value <= most ? value : undefined;
    },
  };
}

const DURATION = { pattern: '^[0-9]+(s|m|h)$', accepts: 'a time in s, m or h, such as 90m' };

/**
 * A time, resolved to seconds.
 * @param zero whether 0s means something
 */
export function duration(zero: 'zero too' | 'no zero' = 'no zero'): Kind<string, number> {
  const accepts = zero === 'zero too' ? DURATION.accepts : 'more than 0s';
  const least = zero === 'zero too' ? 0 : 1;
  const wrong = (given: string) => ((parseDuration(given) ?? -1) >= least ? null : { accepts });
  return { ...text(DURATION, wrong), read: (given) => parseDuration(given) as number, write: timeText };
}

const SIZE = {
  pattern: '^[0-9]+(\\.[0-9]+)?[KMGTkmgt](iB)?$',
  accepts: 'a size with a binary unit K, M, G or T, such as 9G or 2048M',
};

const SMALLEST = 64 * MIB;

/**
 * A size of whole MiB, 64M at least.
 * @param unit what the resolved number counts: bytes or MiB
 */
export function size(unit: 1 | typeof MIB): Kind<string, number> {
  const wrong = (given: string) => {
    const bytes = parseSize(given);
    const usable = bytes !== null && bytes >= SMALLEST && bytes % MIB === 0;
    return usable ? null : { accepts: 'whole MiB, 64M at least' };
  };
  return {
    ...text(SIZE, wrong),
    read: (given) => (parseSize(given) as number) / unit,
    write: (value) => sizeText(value * unit),
  };
}

/** A size in bytes as of `size`, or `none`, which is 0. */
export function sizeOrNone(): Kind<string, number> {
  const sizes = size(1);
  const form = { pattern: `^none$|${SIZE.pattern}`, accepts: `none, or ${SIZE.accepts}` };
  const wrong = (given: string) =>
    given === 'none' || sizes.parse?.(given) !== undefined
      ? null
      : { accepts: 'none, or whole MiB, 64M at least' };
  return {
    ...text(form, wrong),
    read: (given, base) => (given === 'none' ? 0 : sizes.read(given, base)),
    write: (value) => (value === 0 ? 'none' : sizes.write(value)),
  };
}

/** A list of values of one kind. */
export function list<W, V>(item: Kind<W, V>, options: { unique?: true; accepts: string }): Kind<W[], V[]> {
  return {
    schema: { type: 'array', ...(options.unique && { uniqueItems: true }), items: item.schema },
    accepts: options.accepts,
    members: item.members,
    read: (written, base) => written.map((one) => item.read(one, base)),
    write: (values) => values.map(item.write),
    problems: (written, at) => written.flatMap((one, index) => item.problems?.(one, [...at, index]) ?? []),
  };
}
