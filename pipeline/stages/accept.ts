import { readFile } from 'node:fs/promises';
import type { Evidence } from '../image/artifact.ts';
import { acceptOnTargets } from '../maas/acceptance/accept-on-targets.ts';
import { checksDigest } from '../maas/acceptance/applicable.ts';
import { loadChecks } from '../maas/acceptance/checks-file.ts';
import { startedKernel } from '../maas/acceptance/kernel.ts';
import { quarantined } from '../maas/acceptance/output.ts';
import { acceptanceStateOf } from '../maas/acceptance/quarantine.ts';
import { RESULT } from '../maas/acceptance/result-file.ts';
import { readLedger } from '../workspace/ledger/ledger.ts';
import { targetsOf } from './targets.ts';
import type { Stage, StageContext } from './types.ts';
import { resourceOf } from './upload.ts';

const subjectOf = ({ image, release }: StageContext) => ({
  release: image.release,
  profile: release.profile,
  platform: image.platform,
});

/** Deploys the uploaded image on a machine of every target and looks at it. No image that fails gets past here. */
export const accept: Stage<'accept'> = {
  id: 'accept',
  title: 'deploy on a machine, check it over ssh, release it',
  needs: ['pack', 'upload'],
  async inputs(context) {
    const { config, image, env } = context;
    const artifact = context.output('pack').artifact.sha256;
    return {
      artifact,
      // It failed by `accept` since: what an earlier run found stands no more.
      quarantined: acceptanceStateOf(await readLedger(env), artifact).state === 'quarantined',
      resource: resourceOf(context).name,
      checks: checksDigest(await loadChecks(image.acceptance.checksFile), subjectOf(context)),
      targets: image.upload.map((name) => config.targets[name]?.url ?? name),
    };
  },
  async run(context) {
    const { config, image, release, dir, emit, signal, env } = context;
    const { artifact, facts } = context.output('pack');
    const evidence = JSON.parse(await readFile(facts, 'utf8')) as Evidence;
    const resource = resourceOf(context);
    const results = await acceptOnTargets(await targetsOf(context), {
      image,
      release,
      upload: {
        ...{
          name: resource.name.replace(/^custom\//, ''),
          title: resource.title,
          baseImage: resource.baseImage,
        },
        ...{ architecture: resource.architecture, filetype: 'tgz', validated: true },
        ...{ sha256: artifact.sha256, size: artifact.size, file: artifact.path },
      },
      config: image.acceptance,
      checks: await loadChecks(image.acceptance.checksFile),
      timeouts: config.machines.timeouts,
      kernel: startedKernel(evidence.facts),
      dir,
      keep: false,
      again: false,
      emit,
      signal,
      env,
    });
    const failed = results.flatMap(({ acceptance }) =>
      acceptance && !acceptance.accepted ? [acceptance] : [],
    );
    if (failed.length > 0) throw quarantined(failed);
    const acceptances = results.map(({ target, name, machine, at, acceptance }) => ({
      ...{ target, name, machine, at },
      before: acceptance === undefined,
    }));
    return {
      data: { acceptances },
      files: results.flatMap(({ acceptance, target }) => (acceptance ? [`${target}/${RESULT}`] : [])),
      summary: acceptances
        .map(
          ({ name, machine, target, before }) =>
            `${name} is accepted on ${machine} of ${target}${before ? ' (before, by the same checks)' : ''}`,
        )
        .join('; '),
    };
  },
};
