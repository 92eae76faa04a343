import writeFileAtomic from 'write-file-atomic';
import { redactDeep } from '../../core/secrets/registry.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { count, list, object, oneOf, orNull, type Shape, text, time } from '../../host/files/shape.ts';
import type { RunLog, StageRun } from '../../stages/run/run-log.ts';
import { lastRunFile } from '../../workspace/layout.ts';

/** The part of a run that is not in the records of its stages: which stages it ran itself, and why it ended early. */
export interface LastRun {
  /** ISO 8601, UTC. */
  endedAt: string;
  seconds: number;
  stages: Pick<StageRun, 'stage' | 'state' | 'seconds' | 'fromStore'>[];
  failure: {
    stage: string;
    code: string;
    message: string;
    hint?: string | undefined;
    detail?: string | undefined;
  } | null;
}

export const LAST_RUN: Shape<LastRun> = object({
  endedAt: time,
  seconds: count,
  stages: list(
    object(
      { stage: text, state: oneOf('ran', 'fresh', 'failed'), seconds: count },
      { fromStore: oneOf(true) },
    ),
  ),
  failure: orNull(object({ stage: text, code: text, message: text }, { hint: text, detail: text })),
});

/** The run that ends now. */
export function lastRun({ stages, failure, seconds }: RunLog): LastRun {
  return {
    endedAt: new Date().toISOString(),
    seconds,
    stages: stages.map(({ stage, state, seconds, fromStore }) => ({
      ...{ stage, state, seconds },
      ...(fromStore && { fromStore }),
    })),
    failure: failure && failureOf(failure),
  };
}

function failureOf({ stage, fault }: NonNullable<RunLog['failure']>): LastRun['failure'] {
  const { code, message, hint, detail } = fault;
  return { stage, code, message, hint, detail };
}

export async function writeLastRun(imageDir: string, run: LastRun): Promise<void> {
  await writeFileAtomic(lastRunFile(imageDir), `${JSON.stringify(redactDeep(run), null, 2)}\n`);
}

/** The run that was written last, or null where there is none that can be read. */
export async function readLastRun(imageDir: string): Promise<LastRun | null> {
  return (await readJsonOrMiss(lastRunFile(imageDir), LAST_RUN)) ?? null;
}
