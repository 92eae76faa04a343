import { bytes, duration } from '../../core/text/human.ts';
import type { Finding } from '../../image/checks/judge.ts';
import { countsPhrase, failures } from '../../image/checks/phrases.ts';
import type { Acceptance } from '../../maas/acceptance/types.ts';
import { shownTime } from './time.ts';

/** The result of an image on one machine, as the page words it. */
export interface ShownAcceptance {
  accepted: boolean;
  word: string;
  sentence: string;
  failed: Finding[];
  passed: Finding[];
  notApplicable: Finding[];
  /** Of those that could not be fetched the note says why. */
  logs: { id: string; size: string; note: string; tail: string[] }[];
}

export function shownAcceptance(one: Acceptance, tails: Record<string, string[]>): ShownAcceptance {
  const { machine, target, accepted, verdict, deployS, sshS, released } = one;
  const of = (status: Finding['status']) => verdict.findings.filter((finding) => finding.status === status);
  const times = [
    deployS === null ? '' : `deployed in ${duration(deployS)}`,
    sshS === null ? '' : `ssh after ${duration(sshS)}`,
    `${duration(one.seconds)} in all`,
  ].filter(Boolean);
  const left =
    released === 'released' ? '' : ` The machine was ${released === 'kept' ? 'kept' : 'not released'}.`;
  return {
    accepted,
    word: accepted ? 'Accepted' : 'Quarantined',
    sentence: `${one.name} on ${machine.hostname} of ${target}, ${shownTime(one.startedAt)}: ${times.join(', ')}; ${countsPhrase(verdict)}.${left}`,
    failed: failures(verdict),
    passed: of('pass'),
    notApplicable: of('not-applicable'),
    logs: one.logs.map(({ id, file, size, note }) => ({
      id: file === null ? id : `accept/${target}/${file}`,
      size: file === null ? '' : bytes(size),
      note: note ?? '',
      tail: (file === null || !Object.hasOwn(tails, file) ? undefined : tails[file]) ?? [],
    })),
  };
}
