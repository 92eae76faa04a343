import { defineConfig } from 'vitest/config';

// Two cores are the smallest machine we promise: the slow suites run one file at a time there, as vitest has it.
export default defineConfig({
  test: {
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
          include: ['test/contract/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
