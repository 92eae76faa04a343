import writeFileAtomic from 'write-file-atomic';
import type { Emit, Event } from '../../core/events/event.ts';
import { redactDeep } from '../../core/secrets/registry.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { count, list, object, oneOf, orNull, type Shape, text, time } from '../../host/files/shape.ts';
import { lastRunFile } from '../../workspace/layout.ts';

/** What the stages' records do not keep of a run: which stages it ran itself, and why it ended early. */
export interface LastRun {
  /** ISO 8601, UTC. */
  endedAt: string;
  seconds: number;
  stages: { stage: string; state: 'ran' | 'fresh' | 'failed'; seconds: number }[];
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
  stages: list(object({ stage: text, state: oneOf('ran', 'fresh', 'failed'), seconds: count })),
  failure: orNull(object({ stage: text, code: text, message: text }, { hint: text, detail: text })),
});

/** Puts a run together from its events. */
export function watchRun(): { see: Emit; lastRun(): LastRun } {
  const stages: LastRun['stages'] = [];
  let failure: LastRun['failure'] = null;
  let seconds = 0;
  const see = (event: Event) => {
    if (event.type === 'stage-fresh') stages.push({ stage: event.stage, state: 'fresh', seconds: 0 });
    else if (event.type === 'stage-end')
      stages.push({ stage: event.stage, state: 'ran', seconds: event.seconds });
    else if (event.type === 'stage-failed') {
      stages.push({ stage: event.stage, state: 'failed', seconds: event.seconds });
      const { code, message, hint, detail } = event.error;
      failure = { stage: event.stage, code, message, hint, detail };
    } else if (event.type === 'run-end') seconds = event.seconds;
  };
  return { see, lastRun: () => ({ endedAt: new Date().toISOString(), seconds, stages, failure }) };
}

export async function writeLastRun(imageDir: string, run: LastRun): Promise<void> {
  await writeFileAtomic(lastRunFile(imageDir), `${JSON.stringify(redactDeep(run), null, 2)}\n`);
}

/** The run that was written last, or null where there is none that can be read. */
export async function readLastRun(imageDir: string): Promise<LastRun | null> {
  return (await readJsonOrMiss(lastRunFile(imageDir), LAST_RUN)) ?? null;
}
