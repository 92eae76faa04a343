import { json } from '../../../pipeline/core/escape/json.ts';
import { fromSystemError } from '../../../pipeline/core/faults/fault.ts';
import { runStages } from '../../../pipeline/stages/run/runner.ts';
import { openShared, requestOf } from './stages.ts';

// The build of one unit in a process of its own, as `dgxos-maas run IMAGE --until pack` is: CONTROLS WORKSPACE STORE IMAGE BUILT-AFTER.
const [controls, workspace, store, image, after] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => abort.abort());
const { signal } = abort;
try {
  await runStages(
    requestOf(
      { controls, workspace, image },
      {
        signal,
        emit: (event) => process.stderr.write(`${json(event, 0)}\n`),
        shared: await openShared(store, signal),
        selection: {
          until: 'pack',
          ...(after === '' ? {} : { outdated: { stage: 'build', before: Number(after), reason: 'too old' } }),
        },
      },
    ),
  );
  process.stdout.write(json({ ok: true }, 0));
} catch (error) {
  const fault = fromSystemError(error, 'building');
  process.stdout.write(json({ ok: false, error: fault }, 0));
  process.exitCode = fault.exitCode;
}
