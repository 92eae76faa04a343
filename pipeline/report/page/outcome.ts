import { duration } from '../../core/text/human.ts';
import { countsPhrase } from '../../image/checks/phrases.ts';
import { labelOf } from '../../stages/rows.ts';
import type { Material } from './material.ts';
import { shownTime } from './time.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'plain';

/** The one thing a reader wants to know first. */
export interface Outcome {
  tone: Tone;
  /** "Passed", "Rejected", "Build failed", … */
  word: string;
  sentence: string;
  /** The remedy, and the last lines of a failed tool. */
  hint: string | null;
  detail: string | null;
  /** Further remarks that the reader of the page needs. */
  note: string | null;
}

/** The end of the run, and its meaning for the artifact. */
export function outcome({ run, verdict, records, acceptances }: Material): Outcome {
  const plain = { hint: null, detail: null, note: null };
  const failure = run?.failure;
  const refused = acceptances.find(({ result }) => !result.accepted)?.result;
  const judged = failure?.code === 'IMAGE_REJECTED' || (failure?.code === 'IMAGE_QUARANTINED' && refused);
  if (failure && !judged) {
    const stopped = failure.code === 'INTERRUPTED' || failure.code === 'TERMINATED';
    const failed = run.stages.find((stage) => stage.state === 'failed');
    const after = failed ? ` after ${duration(failed.seconds)}` : '';
    return {
      tone: stopped ? 'warn' : 'bad',
      word: stopped ? 'Interrupted' : `${labelOf(failure.stage)} failed`,
      sentence: stopped
        ? `The run was interrupted in stage ${failure.stage}${after}; the next run continues there.`
        : `Stage ${failure.stage} failed${after}: ${failure.message}`,
      hint: stopped ? null : (failure.hint ?? null),
      detail: stopped ? null : (failure.detail ?? null),
      note: earlierArtifact({ run, records }),
    };
  }
  if (verdict) {
    const { major, warning } = verdict.counts;
    const counts = `${countsPhrase(verdict)}.`;
    if (!verdict.passed)
      return {
        ...plain,
        tone: 'bad',
        word: 'Rejected',
        sentence: `This image is rejected: ${counts}`,
      };
    if (refused)
      return {
        ...plain,
        tone: 'bad',
        word: 'Quarantined',
        sentence: `This image failed on ${refused.machine.hostname}, a machine of ${refused.target}, and cannot be promoted: ${countsPhrase(refused.verdict)}.`,
      };
    const failed = major + warning;
    return {
      ...plain,
      tone: failed > 0 ? 'warn' : 'good',
      word: failed > 0 ? 'Passed with warnings' : 'Passed',
      sentence: `${sentenceOfUpload(records.upload?.data.resources.length)} ${accepted(acceptances)}${capital(counts)}`,
    };
  }
  return {
    ...plain,
    tone: 'plain',
    word: records.pack ? 'Not judged' : 'Not finished',
    sentence: records.pack
      ? 'The artifact is packed; there is no verdict on it.'
      : 'The stages below have run; there is no artifact yet.',
  };
}

/** A run that ends before `pack` leaves the artifact of the run before. */
function earlierArtifact({ run, records }: Pick<Material, 'run' | 'records'>): string | null {
  const packed = run?.stages.some((entry) => entry.stage === 'pack' && entry.state !== 'failed');
  return records.pack && !packed
    ? `The artifact described below is from an earlier run, packed ${shownTime(records.pack.finishedAt)}.`
    : null;
}

function sentenceOfUpload(resources: number | undefined): string {
  if (!resources) return 'No blocker was found.';
  return `No blocker was found; in MAAS as ${resources === 1 ? 'one boot resource' : `${resources} boot resources`}.`;
}

function accepted(acceptances: Material['acceptances']): string {
  const names = acceptances.map(({ result }) => result.machine.hostname);
  return names.length > 0 ? `Accepted on ${names.join(' and ')}. ` : '';
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
