import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { json } from '../../../pipeline/core/escape/json.ts';
import { connect } from '../../../pipeline/queue/connection.ts';
import { executor } from '../../../pipeline/queue/execute.ts';
import { HeldWorkspace } from '../../../pipeline/queue/hold.ts';
import { Tally } from '../../../pipeline/queue/metrics.ts';
import type { Need, Origin } from '../../../pipeline/queue/unit.ts';
import { serve } from '../../../pipeline/queue/worker.ts';
import { FolderStore } from '../../../pipeline/store/folder.ts';
import { COMPILED } from '../../compiled.ts';
import { openShared, queueSettings, SHORT } from './stages.ts';

/** The settings of a worker that is a process of its own. */
export interface WorkerSettings {
  url: string;
  controls: string;
  workspace: string;
  store: string;
  origin: Origin;
  needs: Need[];
  images: string[];
  jobs: number;
  graceMs: number;
  metrics?: { host: string; port: number };
}

// One that is killed writes none at its end.
flushCompileCache();
const settings = JSON.parse(process.argv[2] as string) as WorkerSettings;
const { url, controls, workspace, store, origin, needs, images, jobs, graceMs, metrics } = settings;
const abort = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => abort.abort());
const { signal } = abort;
const emit = (event: unknown) => process.stdout.write(`${json(event, 0)}\n`);
const connection = await connect(queueSettings(url), { env: process.env, emit, signal, timing: SHORT });
const why = await serve({
  ...{
    connection,
    origin,
    needs,
    jobs,
    graceMs,
    emit,
    signal,
    unchanged: async () => true,
    tally: new Tally(),
    metrics,
  },
  execute: executor({
    command: ({ image, builtSince }) => [
      process.execPath,
      join(import.meta.dirname, 'unit-child.ts'),
      ...[controls, workspace, store, image, builtSince === null ? '' : String(builtSince)],
    ],
    env: COMPILED,
    config: { workspace },
    held: new HeldWorkspace(workspace, emit),
    images: Object.fromEntries(
      images.map((name) => [name, { name, archive: { root: { source: 'root.tar' } } } as never]),
    ),
    openStore: async (until) => new FolderStore(store, until),
    openShared: () => openShared(store, new AbortController().signal),
    timing: SHORT,
  }),
});
emit({ type: 'ended', why });
connection.close();
