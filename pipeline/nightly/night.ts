import pLimit from 'p-limit';
import type { RetentionConfig } from '../config/types.ts';
import type { Emit } from '../core/events/event.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { packageVersion } from '../host/process/package-root.ts';
import type { RunRequest } from '../stages/run/runner.ts';
import { type ImageContext, imageNight } from './image.ts';
import { outcomeOf } from './outcome.ts';
import { pruneTargets } from './prune.ts';
import { beginNight, earlierNights } from './store.ts';
import type { ImageNight, Night } from './types.ts';

export interface NightRequest extends ImageContext {
  /** One for each image, all of one workspace. */
  requests: readonly RunRequest[];
  /** Images built at the same time. */
  jobs: number;
  /** The night to compare with, in place of the last one of the workspace. */
  since: Night | undefined;
  /** Of good images; it is said in the summary. */
  channel: string | null;
  /** The folder of the artifacts that channels hold. */
  keepIn: string;
  /** The retention on MAAS; null: nothing is pruned. */
  retention: RetentionConfig | null;
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

/**
 * Runs one night under the workspace's lock, which the caller holds: images have folders of their own in the workspace, so
 * one lock serves several at the same time. An image that fails does not stop the others.
 * @throws Fault INTERRUPTED, TERMINATED: the same night goes on when it is started again
 */
export async function runNight(night: NightRequest): Promise<Night> {
  const { requests, emit, signal, env } = night;
  const config = requests[0]?.config;
  if (!config) throw new Error('a night without images');
  const begun = await beginNight(config.workspace, new Date());
  if (begun.continued)
    emit({ type: 'notice', level: 'info', message: `continues the night of ${begun.startedAt}` });
  const names = requests.map(({ image }) => image.name);
  const earlier = night.since ? [night.since] : await earlierNights(config.workspace, names);
  const since = earlier[0];
  const limit = pLimit(night.jobs);
  const ended = await Promise.allSettled(
    requests.map((request, at) =>
      limit(async () => {
        if (signal.aborted) throw interrupted(signal);
        const message = `${request.image.name}: ${at + 1} of ${requests.length}`;
        emit({ type: 'notice', level: 'info', message });
        const result = await imageNight(
          {
            request,
            before: artifactBefore(earlier, request.image.name),
            nightBegan: begun.startedAt,
          },
          night,
        );
        emit(noticeOf(result));
        return result;
      }),
    ),
  );
  const images = ended.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  const pruned = night.retention
    ? await pruneTargets(
        config,
        requests.map((request) => request.image),
        { policy: night.retention, keepIn: night.keepIn, emit, signal, env },
      )
    : [];
  const endedAt = new Date().toISOString();
  return {
    format: 1,
    id: begun.id,
    startedAt: begun.startedAt,
    endedAt,
    seconds: (Date.parse(endedAt) - Date.parse(begun.startedAt)) / 1000,
    version: packageVersion(),
    continued: begun.continued,
    ...outcomeOf({ images, pruned }),
    channel: night.channel,
    since: since ? { id: since.id, startedAt: since.startedAt } : null,
    images,
    pruned,
  };
}

/** Of the last night that had this image; one without an artifact hands on the one before it. */
function artifactBefore(nights: readonly Night[], image: string) {
  const last = nights.flatMap(({ images }) => images).find((one) => one.image === image);
  return last?.artifact ?? last?.before ?? null;
}

function noticeOf({ image, status, reason, failure }: ImageNight): Parameters<Emit>[0] {
  const why = failure ? `${failure.step ?? 'before the first stage'}: ${failure.message}` : reason;
  return {
    type: 'notice',
    level: failure ? 'warning' : 'info',
    message: `${image}: ${status} (${why})`,
    ...(failure?.hint ? { hint: failure.hint } : {}),
  };
}
