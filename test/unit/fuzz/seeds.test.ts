import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { PARSERS } from '../../fuzz/parsers.ts';
import { seededTargets, seedsOf } from '../../fuzz/seeds.ts';
import { gzipChange, tarChange } from '../../fuzz/tar-mutations.ts';
import { TARGETS } from '../../fuzz/targets.ts';
import fc from '../../property.ts';

const FOLDER = join(import.meta.dirname, '../../../pipeline/image/parsers');

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'fuzz-seeds-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the fuzzed parsers', () => {
  const files = readdirSync(FOLDER);

  it('are those of pipeline/image/parsers', () => {
    expect(Object.keys(PARSERS).sort()).toEqual(files.map((file) => file.replace(/\.ts$/, '')).sort());
  });

  it.each(files)('have every function of %s', async (file) => {
    const all: Record<string, unknown> = await import(join(FOLDER, file));
    const functions = Object.keys(all).filter((name) => typeof all[name] === 'function');
    expect(Object.keys(PARSERS[file.replace(/\.ts$/, '')]!).sort()).toEqual(functions.sort());
  });

  it('have seeds, and nothing else has', () => {
    expect(seededTargets()).toEqual(Object.keys(TARGETS).sort());
  });
});

describe.each(Object.keys(TARGETS))('the seeds of %s', (target) => {
  it.each(seedsOf(target))(
    '$name',
    async ({ content }) => {
      // Processor time: how long it takes by the clock depends on what else the host does.
      const before = process.cpuUsage();
      await TARGETS[target]!.run(content, scratch).catch((error) => {
        if (!(error instanceof Fault)) throw error;
      });
      const { user, system } = process.cpuUsage(before);
      expect(user + system).toBeLessThan(5_000_000);
    },
    60_000,
  );
});

describe('mutations', () => {
  it.each([
    ['tar', tarChange],
    ['gzip', gzipChange],
  ] as const)('of %s give one output for one input, and leave the input alone', (target, changes) => {
    const seeds = seedsOf(target).map(({ content }) => content);
    const before = seeds.map((seed) => seed.toString('base64'));
    fc.assert(
      fc.property(fc.constantFrom(...seeds), changes, (seed, change) => change(seed).equals(change(seed))),
      { numRuns: 50 },
    );
    expect(seeds.map((seed) => seed.toString('base64'))).toEqual(before);
  });
});
