import { Fault } from '../../pipeline/core/faults/fault.ts';
import fc from '../property.ts';
import { PARSERS } from './parsers.ts';
import { READERS } from './readers.ts';
import { seededTargets, seedsOf } from './seeds.ts';

/** An input that grows: what comes first, what is repeated, what comes last, and for which reader it is. */
export interface Growth {
  reader: string;
  head: string;
  unit: string;
  tail: string;
}

/** Every reader of foreign text by folder and name: `accounts parsePasswd`. */
export const GROWING = new Map<string, (input: Buffer) => unknown>(
  Object.entries({ ...PARSERS, ...READERS }).flatMap(([folder, readers]) =>
    Object.entries(readers).map(([name, read]) => [`${folder} ${name}`, read] as const),
  ),
);

const LEAST = 4 << 10;
const MOST = 256 << 10;
/** Below this a time is as much the machine's as the reader's. CPU milliseconds. */
const CLEAR_MS = 50;
/** A collection of garbage alone can make this much; what is not linear takes more at the largest size. */
const FAULT_MS = 150;
/** A reader that is linear takes four times as long for four times as much; one that is not, sixteen times. Between them is room for the collector of garbage. */
const WORST_RATIO = 9;

/**
 * Reads ever longer inputs of one form. @throws Error when the time grows faster than they do
 */
export async function checkGrowth({ reader, head, unit, tail }: Growth): Promise<void> {
  const read = GROWING.get(reader);
  if (!read || unit === '') return;
  const input = (size: number) => {
    const times = Math.max(1, Math.floor(size / Buffer.byteLength(unit)));
    return Buffer.from(head + unit.repeat(times) + tail);
  };
  for (let size = LEAST; size <= MOST; size *= 8) {
    if ((await cpuMs(read, input(size), 1)) < CLEAR_MS) continue;
    // Measured again, the least of several: whatever else runs on the machine only adds.
    const once = await cpuMs(read, input(size), 1);
    // Slow inputs are measured less often: a case has a time limit, too.
    const times = once > 4 * CLEAR_MS ? 1 : 3;
    const quarter = await cpuMs(read, input(size / 4), times);
    const whole = Math.min(once, times > 1 ? await cpuMs(read, input(size), times) : once);
    if (whole > FAULT_MS && whole > quarter * WORST_RATIO && (await again(read, input, size)))
      throw new Error(
        `${reader} takes ${quarter.toFixed(1)} ms for ${size / 4} bytes and ${whole.toFixed(1)} ms for ${size}: it is not linear`,
      );
    // A slow linear reader is seen at this size as well as at the next.
    if (whole > 6 * CLEAR_MS) return;
  }
}

/** Whether it is so when it is measured once more. */
async function again(
  read: (input: Buffer) => unknown,
  input: (size: number) => Buffer,
  size: number,
): Promise<boolean> {
  const quarter = await cpuMs(read, input(size / 4), 3);
  return (await cpuMs(read, input(size), 2)) > quarter * WORST_RATIO;
}

async function cpuMs(read: (input: Buffer) => unknown, input: Buffer, times: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const before = process.threadCpuUsage();
    try {
      await read(input);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

const CHARACTERS = [...' \t\n\r\0\\"\'`#=:;,.*?/-+_[](){}<>!~$%&@|^0aZ', '\u00e9', '\u2028'];
const WORDS = [
  ...[
    'Package: a\n',
    'Status: install ok installed\n',
    'Match all\n',
    'Include *\n',
    'deb ',
    'deb [',
    'URIs: ',
    'Types: deb\n',
  ],
  ...[
    "submenu 'a' {\n",
    "menuentry 'a' {\n",
    'linux /vmlinuz-1\n',
    '"""',
    "'''",
    '/*',
    '*/',
    '//',
    '#clear ',
    '::',
    'a::',
    '\\\n',
  ],
  ...[
    'NOPASSWD:',
    'ALL=',
    'Defaults ',
    'UUID=',
    '/dev/',
    '$6$',
    'a: ',
    '- ',
    '&a ',
    '*a',
    '<<: ',
    '[a, ',
    '{a: ',
    'a=b\n',
    'export ',
  ],
  ...[
    'Name: a\n',
    'Value: b\n',
    'Files: *\nLicense: x\n\n',
    'linux-generic ',
    ' #',
    '\t#',
    'x=\\\n',
    'network:\n',
    '<p>',
    '<',
    '&amp;',
  ],
  ...[
    '::error::',
    '\u001b[',
    '1 or 2',
    '(',
    'GPL-2 and ',
    '%s',
    '{"a":',
    '[[',
    'a/',
    '../',
    './',
    '11 path=ab\n',
    '1,2,',
  ],
];

/** Lines of the seeds: they lead to where a parser works. */
const LINES = seededTargets()
  .filter((name) => name !== 'tar' && name !== 'gzip' && name !== 'growth')
  .flatMap((name) =>
    seedsOf(name).flatMap(({ content }) => content.subarray(0, 20_000).toString().split('\n').slice(0, 60)),
  )
  .filter((line) => line !== '' && line.length < 120);

const part = fc.oneof(
  { arbitrary: fc.constantFrom(...CHARACTERS), weight: 3 },
  { arbitrary: fc.constantFrom(...WORDS), weight: 3 },
  { arbitrary: fc.constantFrom(...new Set(LINES)), weight: 2 },
);
const end = fc.oneof(fc.constant(''), fc.constantFrom('\n', 'x', ' x', '"', '\0', '}', '\n\n'), part);

/** Forms of inputs, as JSON: a form that is found is kept as a seed like any other. */
export const growths: fc.Arbitrary<Buffer> = fc
  .record({
    reader: fc.constantFrom(...GROWING.keys()),
    head: fc.oneof(
      fc.constant(''),
      part,
      fc.tuple(part, part).map(([a, b]) => a + b),
    ),
    unit: fc.oneof(
      part,
      fc.tuple(part, fc.constantFrom('\n', ' ', '')).map(([a, b]) => a + b),
      fc.tuple(part, part).map(([a, b]) => a + b),
    ),
    tail: end,
  })
  .map((growth) => Buffer.from(JSON.stringify(growth)));

/** The form that a seed holds. */
export function growthOf(input: Buffer): Growth {
  return JSON.parse(input.toString());
}
