import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expand } from '../config/placeholders.ts';
import { plain } from '../core/escape/terminal.ts';
import { Fault } from '../core/faults/fault.ts';
import type { Evidence } from '../image/artifact.ts';
import { headlineOf, judge, type Verdict } from '../image/checks/judge.ts';
import { CHECKS_VERSION } from '../image/checks/table.ts';
import { readWaivers, type Waiver } from '../image/checks/waivers.ts';
import { lastRelease } from '../image/diff/last-release.ts';
import type { Stage, StageContext } from './types.ts';

/** The site's waivers, those that have ended among them: the verdict shows both. */
async function waiversOf({ config }: StageContext): Promise<Waiver[]> {
  return config.waivers === null ? [] : readWaivers(config.waivers);
}

/** The release before this artifact, for the check of its size. */
async function releaseBefore({ image, env, output }: StageContext) {
  const last = await lastRelease(image.name, output('pack').artifact.sha256, env);
  return last?.description;
}

/** As MAAS will be told it. */
function architectureOf({ image }: StageContext): string {
  const { release, platform, version, resource } = image;
  return expand(resource.architecture, { release, platform, version, date: '', digest: '' });
}

const today = () => new Date().toISOString().slice(0, 10);

/** Judges what was found while packing. No image with a blocker gets past here. */
export const validate: Stage<'validate'> = {
  id: 'validate',
  title: 'judge the findings by the checks of the release',
  needs: ['pack'],
  async inputs(context) {
    return {
      artifact: context.output('pack').artifact.sha256,
      profile: context.release.profile,
      checks: CHECKS_VERSION,
      baseImage: context.image.resource.baseImage,
      architecture: architectureOf(context),
      // With what is left of them today: a waiver that has ended judges the image anew.
      waivers: (await waiversOf(context))
        .filter((waiver) => waiver.until >= today())
        .map((waiver) => ({ ...waiver })),
      previous: (await releaseBefore(context))?.sha256 ?? null,
    };
  },
  async run(context) {
    const { facts: path } = context.output('pack');
    const evidence = JSON.parse(await readFile(path, 'utf8')) as Evidence;
    const verdict = judge(evidence.facts, {
      profile: context.release.profile,
      baseImage: context.image.resource.baseImage,
      architecture: architectureOf(context),
      waivers: await waiversOf(context),
      stream: evidence.stream,
      buildFacts: evidence.build,
      platform: context.image.platform,
      previousBytes: (await releaseBefore(context))?.facts.bytes?.stored ?? null,
    });
    for (const note of verdict.notes ?? []) context.emit({ type: 'notice', level: 'warning', message: note });
    const file = join(context.dir, 'verdict.json');
    await writeFile(file, `${JSON.stringify(verdict, null, 2)}\n`);
    if (!verdict.passed) throw rejected(verdict, context.output('pack').artifact.path);
    for (const finding of verdict.findings)
      if (finding.status === 'fail')
        context.emit({
          type: 'notice',
          level: 'warning',
          message: `${finding.id}: ${headlineOf(finding)}`,
          hint: finding.fix,
        });
    return { data: { verdict }, files: [file], summary: verdictPhrase(verdict) };
  },
};

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
    `The image has ${blockers.length} blocker${blockers.length === 1 ? '' : 's'} and goes no further`,
    {
      detail: blockers.map((f) => `${f.id}: ${plain(headlineOf(f))}\n  fix:   ${f.fix}`).join('\n'),
      hint: `dgxos-maas validate ${artifact} shows all checks.`,
    },
  );
}
