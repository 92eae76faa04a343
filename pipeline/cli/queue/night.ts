import pLimit from 'p-limit';
import type { Config } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import { QueueClient } from '../../queue/client.ts';
import { queuedRun } from '../../queue/night.ts';
import { originOf } from '../../queue/origin.ts';
import type { Unit } from '../../queue/unit.ts';
import type { RunOutcome, RunRequest } from '../../stages/run/runner.ts';
import { openStore, sharedResults } from '../../store/open.ts';
import { tryStore } from '../../store/try.ts';
import { terminal } from '../confirm.ts';
import type { Session } from '../session.ts';
import { assertStore, openQueue } from './open.ts';

export interface QueuedNightOptions {
  config: Config;
  /** The configuration file in force. */
  file: string | null;
  tries: number;
  /** Images worked on at the same time on this host, when they are built. */
  jobs: number;
  run(request: RunRequest): Promise<RunOutcome>;
}

/**
 * Runs a night whose builds are done by workers.
 * @param body gets the run of one image
 * @throws Fault CONFIG_INVALID without a store, and those of the queue
 */
export async function withQueue<T>(
  session: Session,
  { config, file, tries, jobs, run }: QueuedNightOptions,
  body: (run: (request: RunRequest) => Promise<RunOutcome>) => Promise<T>,
): Promise<T> {
  assertStore(config, false);
  const store = await openStore(config.store.place as string, config.store, session);
  await tryStore(store, true).finally(() => store.close());
  const connection = await openQueue(session, config);
  const client = new QueueClient(connection);
  const open = new Map<string, Unit>();
  try {
    await client.tidy();
    const one = queuedRun({
      ...{ client, tries, run, open, timing: connection.timing },
      origin: await originOf(file),
      openShared: async () => (await sharedResults(config.store, session))!,
      limit: pLimit(jobs),
    });
    return await body(one);
  } catch (error) {
    if (session.signal.aborted && open.size > 0) await cancelOrLeave(session, client, open);
    throw error;
  } finally {
    await client.close();
    connection.close();
  }
}

/** After Ctrl-C: asks on a terminal; without one the units stay in the queue. */
async function cancelOrLeave(session: Session, client: QueueClient, open: Map<string, Unit>): Promise<void> {
  const { signal, emit } = session;
  const io = terminal(session);
  const names = [...open.keys()].join(', ');
  const ctrlC = signal.reason instanceof Fault && signal.reason.code === 'INTERRUPTED';
  let answer = '';
  if (ctrlC && io.interactive)
    answer = await io.ask(
      `\n${names}: in the queue. Cancel, or leave them to the workers? [c/L] `,
      new AbortController().signal,
    );
  if (!/^c(?:ancel)?$/i.test(answer)) {
    emit({
      type: 'notice',
      level: 'info',
      message: `left in the queue: ${names}; run the command again to follow them`,
    });
    return;
  }
  for (const unit of open.values()) await client.cancel(unit);
  emit({ type: 'notice', level: 'info', message: `cancelled: ${names}` });
}
