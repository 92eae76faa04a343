import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import fc from '../../property.ts';
import { Bench, CHUNK } from './bench.ts';

const FAULTS = [
  'reset',
  'lost',
  'idle-close',
  'stall',
  'slow:400000',
  'disk-full',
  'restart:0.1',
  '408',
  '409:0.05',
  '413',
  '425',
  '429:0.05',
  '500',
  '502',
  '503',
  '504',
];
const CHUNKS = { first: 'put:1', middle: 'put:3', last: 'put:last' };
const FAMILIES = ['3.4', '3.5'];

const cases = FAMILIES.flatMap((family) =>
  FAULTS.flatMap((fault) =>
    Object.entries(CHUNKS).map(([chunk, which]) => ({ family, fault, chunk, rule: `${which}:${fault}` })),
  ),
);

describe.concurrent('an upload survives, and sends no more than one chunk twice', () => {
  test.each(cases)('$fault at the $chunk chunk, MAAS $family', async ({ family, fault, rule }) => {
    const bench = await Bench.open({ family, faults: [rule] });
    try {
      const result = await bench.upload({}, fault === 'stall' ? { answerMs: 3000 } : {});
      expect(result).toMatchObject({ name: 'dgx1-5.0', sha256: bench.sha256, skipped: false });
      expect(bench.sandbox.requests.filter((request) => request.fault)).toHaveLength(1);
      expect(bench.received).toBeLessThanOrEqual(bench.data.length + CHUNK);
      await bench.expectWhole();
    } finally {
      await bench.close();
    }
  });
});

describe.concurrent('an upload whose process is killed by SIGKILL at the fault is finished by the next process', () => {
  test.each(cases)('$fault at the $chunk chunk, MAAS $family', async ({ family, rule }) => {
    const bench = await Bench.open({ family, faults: [rule] });
    try {
      // Its first retry would come in a minute: it dies before.
      const first = bench.child('state-1', { backOffMs: 60_000 });
      const ended = once(first, 'exit');
      while (!bench.sandbox.requests.some((request) => request.fault) && first.exitCode === null)
        await sleep(2);
      first.kill('SIGKILL');
      await ended;
      // Nothing of the first process helps: the second has a state directory of its own.
      const second = bench.child('state-2');
      const [code] = await once(second, 'exit');
      expect(code).toBe(0);
      expect(bench.received).toBeLessThanOrEqual(bench.data.length + CHUNK);
      await bench.expectWhole();
    } finally {
      await bench.close();
    }
  });
});

describe('random sequences of faults', () => {
  const rule = fc
    .tuple(
      fc.oneof(fc.constant('last'), fc.integer({ min: 1, max: 9 }).map(String)),
      fc.constantFrom(...FAULTS.filter((fault) => fault !== 'stall' && !fault.startsWith('slow'))),
    )
    .map(([which, fault]) => `put:${which}:${fault}`);
  const elsewhere = fc.constantFrom(
    'post:1:lost',
    'post:1:reset',
    'post:1:503',
    'get:2:502',
    'get:4:reset',
    'list:1:idle-close',
  );

  test('end with the whole image', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('2.8', '3.1', '3.4', '3.5', '3.8'),
        fc.array(fc.oneof({ weight: 4, arbitrary: rule }, { weight: 1, arbitrary: elsewhere }), {
          maxLength: 7,
        }),
        async (family, faults) => {
          const bench = await Bench.open({ family, faults });
          try {
            await bench.upload();
            const struck = bench.sandbox.requests.filter((request) => request.fault).length;
            expect(bench.received).toBeLessThanOrEqual(bench.data.length + struck * CHUNK);
            await bench.expectWhole();
          } finally {
            await bench.close();
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
