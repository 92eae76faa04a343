import { plainName } from '../config/image-name.ts';
import { acceptOnTargets } from '../maas/acceptance/accept-on-targets.ts';
import { checksDigest } from '../maas/acceptance/applicable.ts';
import { acceptanceStateOf } from '../maas/acceptance/quarantine.ts';
import { quarantined } from '../maas/acceptance/quarantined.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { acceptanceFile } from '../workspace/layout.ts';
import { readLedger } from '../workspace/ledger/ledger.ts';
import { checksOf, kernelIn } from './checks.ts';
import { declaredTargets, withKeys } from './targets.ts';
import { defineStage } from './types.ts';
import { resourceOf } from './upload.ts';

const TIME_LIMIT = 'a time limit';

/** Deploys the uploaded image on a machine of every target and looks at it. No image that fails gets past here. */
export const accept = defineStage('accept', {
  async inputs(context) {
    const { config, image, release, env } = context;
    const { artifact, facts } = context.output('pack');
    const { machines, tags, waitS, ssh } = image.acceptance;
    const { list, subject } = await checksOf(image, release);
    const { platform, system } = subject;
    return {
      artifact: artifact.sha256,
      size: artifact.size,
      path: notCounted(artifact.path, 'its content counts'),
      // It failed by `accept` since: what an earlier run found stands no more.
      quarantined: acceptanceStateOf(await readLedger(env), artifact.sha256).state === 'quarantined',
      resource: { ...resourceOf(context) },
      kernel: await kernelIn(facts),
      image: image.name,
      version: image.version,
      release: subject.release,
      profile: subject.profile,
      platform,
      system: system && { ...system },
      checks: checksDigest(list, subject),
      list: notCounted(list, 'its digest counts; logs decide no verdict'),
      machines,
      tags,
      ssh: {
        ...{ user: ssh.user, port: ssh.port, bastion: ssh.bastion },
        keyFile: notCounted(ssh.keyFile, 'a secret; who looks does not change what is there'),
        timeoutS: notCounted(ssh.timeoutS, TIME_LIMIT),
      },
      waitS: notCounted(waitS, TIME_LIMIT),
      timeouts: notCounted(config.machines.timeouts, TIME_LIMIT),
      targets: await declaredTargets(config, image),
    };
  },
  async run(inputs, io) {
    const { image, release, profile, platform, system, version, resource, kernel, list, timeouts } = inputs;
    const { machines, tags, waitS, ssh } = inputs;
    const { title, architecture, baseImage } = resource;
    const results = await acceptOnTargets(await withKeys(inputs.targets, image, io), {
      image: { name: image, release, platform, version },
      release: { profile },
      system,
      upload: {
        ...{ name: plainName(resource.name), title, architecture, baseImage, filetype: 'tgz' },
        ...{ sha256: inputs.artifact, size: inputs.size, file: inputs.path, validated: true },
      },
      config: { machines, tags, waitS, ssh },
      ...{ checks: list, timeouts, kernel, keep: false, again: false },
      ...io,
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
      files: results.flatMap(({ acceptance, target }) => (acceptance ? [acceptanceFile(target)] : [])),
      summary: acceptances
        .map(
          ({ name, machine, target, before }) =>
            `${name} is accepted on ${machine} of ${target}${before ? ' (earlier, with the same checks)' : ''}`,
        )
        .join('; '),
    };
  },
});
