import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Emit, Event } from '../../core/events/event.ts';
import { redactDeep } from '../../core/secrets/registry.ts';

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

const file = (imageDir: string) => join(imageDir, 'last-run.json');

export async function writeLastRun(imageDir: string, run: LastRun): Promise<void> {
  await writeFileAtomic(file(imageDir), `${JSON.stringify(redactDeep(run), null, 2)}\n`);
}

/** The run that was written last, or null where there is none that can be read. */
export async function readLastRun(imageDir: string): Promise<LastRun | null> {
  try {
    const run = JSON.parse(await readFile(file(imageDir), 'utf8')) as LastRun;
    return Array.isArray(run.stages) ? run : null;
  } catch {
    return null;
  }
}
