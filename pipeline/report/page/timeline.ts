import { duration } from '../../core/text/human.ts';
import { optionOf, type StageId, stageIdsOf } from '../../stages/rows.ts';
import type { StageRecord } from '../../workspace/record.ts';
import type { Material } from './material.ts';
import { shownTime } from './time.ts';

export interface StageBar {
  stage: StageId;
  /** `earlier`: the last run did not come to it, what is there is of a run before. */
  state: 'ran' | 'fresh' | 'failed' | 'earlier' | 'none';
  /** "8 min 2 s", empty where it did not run. */
  took: string;
  /** The summary of its result, or why it was fresh. */
  note: string;
  /** Percent of the whole; null where there is no bar. */
  bar: { start: number; width: number } | null;
}

/** A bar shorter than this could not be seen. */
const LEAST_WIDTH = 0.6;

/** The stages one after the other, each as long as it took when it last ran. */
export function timeline({ records, run }: Material): { total: string; bars: StageBar[] } {
  const last = run?.stages.some(({ stage }) => stage === 'sources');
  const rows = stageIdsOf(last || (records.sources && !records.iso) ? 'archive' : 'iso').map((stage) => {
    const record = records[stage];
    const ran = run?.stages.find((entry) => entry.stage === stage);
    const state: StageBar['state'] = ran?.state ?? (record ? (run ? 'earlier' : 'ran') : 'none');
    const seconds = (state === 'failed' ? ran?.seconds : record?.seconds) ?? 0;
    return { stage, state, seconds, record, fromStore: ran?.fromStore };
  });
  // Nobody misses what is only done when it is asked for.
  const shown = rows.filter(({ stage, state }) => state !== 'none' || optionOf(stage) === undefined);
  const total = shown.reduce((sum, row) => sum + row.seconds, 0);
  let start = 0;
  const bars = shown.map(({ stage, state, seconds, record, fromStore }): StageBar => {
    const width = total > 0 ? Math.max((seconds / total) * 100, LEAST_WIDTH) : 0;
    const bar = state === 'none' ? null : { start: Math.min(start, 100 - width), width };
    start += total > 0 ? (seconds / total) * 100 : 0;
    return {
      stage,
      state,
      took: state === 'none' ? '' : seconds < 0.05 ? 'under 0.1 s' : duration(seconds),
      note: note(state, record, fromStore),
      bar,
    };
  });
  return { total: duration(total), bars };
}

function note(state: StageBar['state'], record: StageRecord | undefined, fromStore?: true): string {
  const since = record ? shownTime(record.finishedAt) : '';
  const made = record?.summary ?? '';
  if (state === 'none') return 'Did not run.';
  if (state === 'failed') return 'Failed.';
  if (fromStore) return `Fetched from the store; made at ${since}. ${made}`;
  if (state === 'fresh') return `Unchanged since ${since}. ${made}`;
  return state === 'earlier' ? `Not reached in the last run; unchanged since ${since}. ${made}` : made;
}
