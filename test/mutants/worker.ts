import { join } from 'node:path';
import { createVitest } from 'vitest/node';

/** A request to a worker: run this test file. */
export interface Ask {
  file: string;
  /** Try faults in one process, as `work.json` says; otherwise it runs once, to its first failure. */
  switching: boolean;
}

/** Runs test files of the folder in its first argument, one at a time, as its parent asks, and keeps what vitest has read. */
const root = process.argv[2]!;
process.chdir(root);
const vitest = await createVitest('test', { root, watch: false, reporters: [{}], bail: 1, maxWorkers: 1 });
const specifications = await vitest.globTestSpecifications();

process.on('message', async ({ file, switching }: Ask) => {
  for (const { config } of vitest.projects)
    config.runner = switching ? join(root, 'test/mutants/runner.ts') : undefined;
  const one = specifications.filter(({ moduleId }) => moduleId === `${root}/${file}`);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(one);
  const found = testModules.find(({ moduleId }) => moduleId === `${root}/${file}`);
  process.send?.({ passed: found?.ok() === true && unhandledErrors.length === 0 });
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
