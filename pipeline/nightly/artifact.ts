import { headlineOf, type Verdict } from '../image/checks/judge.ts';
import { judgementOf } from '../report/page/material.ts';
import type { AcceptedOn, FailedCheck, NightArtifact } from './types.ts';

/** The entry of the summary on the artifact in an image's folder and on its acceptances; null where there is none. */
export async function artifactIn(
  imageDir: string,
): Promise<{ artifact: NightArtifact; acceptances: AcceptedOn[] } | null> {
  const judgement = await judgementOf(imageDir).catch(() => null);
  if (!judgement?.artifact) return null;
  const { artifact: pack, verdict, acceptances } = judgement;
  const { sha256, size, date } = pack.data.artifact;
  return {
    artifact: { sha256, size, date, failing: verdict && failing(verdict) },
    acceptances: acceptances.map(({ target, machine, accepted, verdict }) => ({
      target,
      machine: machine.hostname,
      accepted,
      failing: failing(verdict),
    })),
  };
}

function failing({ findings }: Verdict): FailedCheck[] {
  return findings
    .filter(({ status }) => status === 'fail')
    .map((finding) => {
      const { id, title, severity, found } = finding;
      return { id, title, severity, found, headline: headlineOf(finding) };
    });
}
