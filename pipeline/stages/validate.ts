import { writeFile } from 'node:fs/promises';
import { expand, placeholderValues } from '../config/placeholders.ts';
import { requiredPackages } from '../config/releases/archive.ts';
import { plain } from '../core/escape/terminal.ts';
import { Fault } from '../core/faults/fault.ts';
import { readEvidence } from '../image/artifact.ts';
import { headlineOf, judge, type Verdict } from '../image/checks/judge.ts';
import { readWaivers } from '../image/checks/waivers.ts';
import { lastRelease } from '../image/diff/last-release.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { verdictFile } from '../workspace/layout.ts';
import { defineStage } from './types.ts';

/** Judges what was found while packing. No image with a blocker gets past here. */
export const validate = defineStage('validate', {
  async inputs({ config, image, release, output, env }) {
    const { artifact, facts, factsSha256 } = output('pack');
    const now = new Date();
    const today = now.toISOString().slice(0, 10);
    const waivers = config.waivers === null ? [] : await readWaivers(config.waivers);
    const previous = (await lastRelease(image.name, artifact.sha256, env))?.description;
    const { platform } = image;
    return {
      artifact: artifact.sha256,
      artifactPath: notCounted(artifact.path, 'its content counts'),
      facts: factsSha256,
      factsPath: notCounted(facts, 'its content counts'),
      profile: release.profile,
      baseImage: image.resource.baseImage,
      // As MAAS will get it.
      architecture: expand(image.resource.architecture, placeholderValues(image, { date: '', digest: '' })),
      platform,
      packages: requiredPackages(release, platform),
      // With the end of each: a waiver that has ended judges the image anew.
      waivers: waivers.map((waiver) => ({ ...waiver, ended: waiver.until < today })),
      now: notCounted(now, 'which waivers have ended counts'),
      previous: previous?.sha256 ?? null,
      previousBytes: previous?.facts.bytes?.stored ?? null,
    };
  },
  async run(inputs, { dir, emit }) {
    const { profile, baseImage, architecture, platform, packages, previousBytes, now } = inputs;
    const evidence = await readEvidence(inputs.factsPath);
    const verdict = judge(evidence.facts, {
      ...{ profile, baseImage, architecture, platform, packages, previousBytes, now },
      waivers: inputs.waivers.map(({ ended: _, ...waiver }) => waiver),
      stream: evidence.stream,
      buildFacts: evidence.build,
    });
    for (const note of verdict.notes ?? []) emit({ type: 'notice', level: 'warning', message: note });
    const file = verdictFile(dir);
    await writeFile(file, `${JSON.stringify(verdict, null, 2)}\n`);
    if (!verdict.passed) throw rejected(verdict, inputs.artifactPath);
    for (const finding of verdict.findings)
      if (finding.status === 'fail')
        emit({
          type: 'notice',
          level: 'warning',
          message: `${finding.id}: ${headlineOf(finding)}`,
          hint: finding.fix,
        });
    return { data: { verdict }, files: [file], summary: verdictPhrase(verdict) };
  },
});

/** "31 checks passed, 2 warnings, 10 not applicable". */
export function verdictPhrase(verdict: Verdict): string {
  const count = (status: string) => verdict.findings.filter((finding) => finding.status === status).length;
  const parts = [`${count('pass')} checks passed`];
  if (count('fail') > 0) parts.push(`${count('fail')} failed`);
  if (count('waived') > 0) parts.push(`${count('waived')} waived`);
  if (count('not-applicable') > 0) parts.push(`${count('not-applicable')} not applicable`);
  return parts.join(', ');
}

function rejected(verdict: Verdict, artifact: string): Fault {
  const blockers = verdict.findings.filter(
    (finding) => finding.status === 'fail' && finding.severity === 'blocker',
  );
  return new Fault(
    'IMAGE_REJECTED',
    `The image has ${blockers.length} blocker${blockers.length === 1 ? '' : 's'} and is rejected`,
    {
      detail: blockers.map((f) => `${f.id}: ${plain(headlineOf(f))}\n  fix:   ${f.fix}`).join('\n'),
      hint: `For all checks: dgxos-maas validate ${artifact}`,
    },
  );
}
