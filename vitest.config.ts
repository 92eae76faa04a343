import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { COMPILED } from './test/compiled.ts';
import { LongestFirst } from './test/sequencer.ts';

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          setupFiles: ['test/unit/setup.ts'],
          testTimeout: 20_000,
          // vitest leaves one core alone otherwise, which is half of two.
          maxWorkers: '100%',
          // Far from UTC, and by no whole hour: a time that is read in the host's zone by mistake shows everywhere.
          env: { TZ: 'Asia/Kathmandu' },
        },
      },
      {
        test: {
          name: 'contract',
          globalSetup: 'test/built.ts',
          include: ['test/contract/**/*.test.ts'],
          env: COMPILED,
          // Half of the time a test waits: for a server, a process, a time-out.
          maxWorkers: 2 * availableParallelism(),
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          env: COMPILED,
          testTimeout: 900_000,
          hookTimeout: 1_200_000,
          maxWorkers: '100%',
        },
      },
    ],
  },
});
