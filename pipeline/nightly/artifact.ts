import { headlineOf, type Verdict } from '../image/checks/judge.ts';
import { gather } from '../report/page/material.ts';
import type { AcceptedOn, FailedCheck, NightArtifact } from './types.ts';

/** The entry of the summary on the artifact in an image's folder and on its acceptances; null where there is none. */
export async function artifactIn(
  imageDir: string,
): Promise<{ artifact: NightArtifact; acceptances: AcceptedOn[] } | null> {
  const material = await gather(imageDir).catch(() => null);
  const artifact = material?.records.pack?.data.artifact;
  if (!material || !artifact) return null;
  const { sha256, size, date } = artifact;
  return {
    artifact: { sha256, size, date, failing: material.verdict && failing(material.verdict) },
    acceptances: material.acceptances.map(({ result: { target, machine, accepted, verdict } }) => ({
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
