import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../pipeline/core/faults/fault.ts';
import fc from '../property.ts';
import { growths } from './growth.ts';
import { change, inputs } from './mutations.ts';
import { seedsOf } from './seeds.ts';
import { gzipChange, tarChange } from './tar-mutations.ts';
import { TARGETS } from './targets.ts';

// One target, fuzzed for a time: child.ts TARGET MILLISECONDS SEED SCRATCH. The input at work always lies in SCRATCH/input, so that
// whoever watches has it when this process hangs or dies. It may write nowhere else.
const [name = '', forMs = '', seed = '', scratch = ''] = process.argv.slice(2);
const { run, form } = TARGETS[name]!;
const current = join(scratch, 'input');
let cases = 0;

const property = fc.asyncProperty(
  form === 'growth'
    ? growths
    : inputs(
        seedsOf(name).map(({ content }) => content),
        { any: change, tar: tarChange, gzip: gzipChange }[form],
      ),
  async (input) => {
    writeFileSync(current, input);
    cases += 1;
    try {
      await run(input, scratch);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  },
);
const result = await fc.check(property, {
  seed: Number(seed),
  numRuns: Number.MAX_SAFE_INTEGER,
  interruptAfterTimeLimit: Number(forMs),
});
if (result.counterexample) {
  writeFileSync(current, result.counterexample[0]);
  const error = result.errorInstance;
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
}
process.stdout.write(`${cases}\n`);
