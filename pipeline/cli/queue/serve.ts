import { loadRelease } from '../../config/releases/load.ts';
import { EXIT } from '../../core/faults/catalogue.ts';
import { Fault } from '../../core/faults/fault.ts';
import { packageVersion } from '../../host/process/package-root.ts';
import { executor, ownCommand } from '../../queue/execute.ts';
import { HeldWorkspace } from '../../queue/hold.ts';
import { Tally } from '../../queue/metrics.ts';
import { type Offer, offerOf } from '../../queue/needs.ts';
import { configDigest } from '../../queue/origin.ts';
import { serve } from '../../queue/worker.ts';
import { openStore, sharedResults } from '../../store/open.ts';
import { tryStore } from '../../store/try.ts';
import type { Session } from '../session.ts';
import { assertStore, openQueue, queueConfig } from './open.ts';
import { WORKER_SETTINGS } from './options.ts';

export interface WorkerFlags {
  jobs: number;
  grace: number;
  metrics?: { host: string; port: number };
}

/** `worker`: builds what `nightly --queue` submits, until it is asked to end. */
export async function serveWorker(session: Session, flags: WorkerFlags): Promise<void> {
  const { emit, signal, env } = session;
  const { config, file, origin } = await queueConfig(session, flags, WORKER_SETTINGS);
  assertStore(config, true);
  const requests = await Promise.all(
    Object.values(config.images).map(async (image) => ({
      ...{ config, image, signal },
      release: await loadRelease(image.release),
    })),
  );
  const offer = await offerOf(requests);
  report(session, offer);
  const place = config.store.place as string;
  const connection = await openQueue(session, config);
  try {
    const store = await openStore(place, config.store, session);
    await tryStore(store, false).finally(() => store.close());
    const own = new AbortController().signal;
    const execute = executor({
      command: (unit) => ownCommand(unit, session.configFile),
      env: inherited(env),
      config,
      held: new HeldWorkspace(config.workspace, emit),
      images: config.images,
      openStore: (until) => openStore(place, config.store, { env, signal: until }),
      openShared: async () => (await sharedResults(config.store, { env, emit, signal: own }))!,
      timing: connection.timing,
    });
    const why = await serve({
      connection,
      origin,
      needs: [...offer.needs.values()].map(({ need }) => need),
      jobs: flags.jobs,
      graceMs: flags.grace * 1000,
      metrics: flags.metrics,
      tally: new Tally(),
      execute,
      unchanged: async () =>
        (await configDigest(file).catch(() => '')) === origin.config && packageVersion() === origin.version,
      emit,
      signal,
    });
    if (why === 'changed') session.exitCode = EXIT.temporary;
  } finally {
    connection.close();
  }
}

/** The variables of settings and keys, for the process that builds; not the password of the queue. */
function inherited(env: NodeJS.ProcessEnv): Record<string, string> {
  const { DGXOS_MAAS_QUEUE: _, DGXOS_MAAS_QUEUE_PASSWORD: __, ...rest } = env;
  return rest as Record<string, string>;
}

function report({ emit }: Session, { needs, refused }: Offer): void {
  for (const { image, why } of refused)
    emit({ type: 'notice', level: 'warning', message: `${image} cannot be built here: ${why}` });
  if (needs.size === 0)
    throw new Fault('CONFIG_INVALID', 'No image of the configuration can be built on this host', {
      hint: 'dgxos-maas doctor lists what is missing.',
    });
  for (const [label, { images }] of needs)
    emit({ type: 'notice', level: 'info', message: `serves ${label}: ${images.join(', ')}` });
}
