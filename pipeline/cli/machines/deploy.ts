import { Fault } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { readBounded } from '../../host/files/regular.ts';
import { hasBaseImage } from '../../maas/api/base-images.ts';
import { deployJob } from '../../maas/machines/deploy-job.ts';
import { succeeded } from '../../maas/machines/job.ts';
import { type Profile, profileChanges } from '../../maas/machines/profile.ts';
import { resolveImage } from '../../maas/machines/resolve-image.ts';
import { applyTags } from '../../maas/machines/tags.ts';
import type { Session } from '../session.ts';
import { type BatchFlags, emptyBatch, endBatch, runBatch } from './batch.ts';
import { openMaas, type TargetFlags } from './open.ts';
import { nothingSelected, type SelectionFlags, selectMachines } from './select.ts';

export interface DeployFlags extends TargetFlags, SelectionFlags, BatchFlags {
  image: string;
  kernelOptions?: string;
  hweKernel?: string;
  userData?: string;
  storageLayout?: string;
  comment?: string;
  force?: boolean;
  profile?: Profile;
}

export async function deploy(session: Session, names: string[], flags: DeployFlags): Promise<void> {
  const { emit, signal, env } = session;
  const userData = flags.userData === undefined ? undefined : await readUserData(flags.userData);
  const maas = await openMaas(session, flags);
  const image = await resolveImage(maas.client, flags.image, maas.config, env);
  const machines = await selectMachines(maas.client, names, flags);
  if (machines.length === 0)
    return nothingSelected(session, { ...emptyBatch('deploy', flags), image: image.name });
  if (flags.hweKernel && image.name.startsWith('custom/'))
    emit({
      type: 'notice',
      level: 'warning',
      message: `--hwe-kernel ${flags.hweKernel} is only used for the ephemeral system: MAAS chooses no kernel for custom images`,
    });
  const missingFor: string[] = [];
  if (image.baseImage)
    for (const architecture of image.architectures)
      if ((await hasBaseImage(maas.client, image.baseImage, architecture)) === false)
        missingFor.push(architecture);
  const { kernelOptions, hweKernel, storageLayout, comment } = flags;
  const job = deployJob(
    {
      image: image.name,
      architectures: image.architectures,
      needsEfi: image.needsEfi && !flags.force,
      ...(image.baseImage ? { base: { image: image.baseImage, missingFor } } : {}),
      ...(userData ? { userData } : {}),
      ...(hweKernel ? { hweKernel } : {}),
      ...(storageLayout ? { storageLayout } : {}),
      ...(kernelOptions === undefined ? {} : { kernelOptions }),
      ...(comment ? { comment } : {}),
    },
    { emit, signal },
  );
  const results = await runBatch(session, maas, job, machines, flags);
  if (!results) return;
  // DeepOps' playbooks take the roles from the tags: a machine that failed gets none.
  const deployed = new Set(results.filter(succeeded).map(({ systemId }) => systemId));
  if (flags.profile && deployed.size > 0) {
    // Nobody takes the place of a head that failed: it would have to give it back when the command is run again.
    const { head, changes } = profileChanges(flags.profile, machines);
    await applyTags(
      maas.client,
      changes.map((change) => ({
        ...change,
        machines: change.machines.filter(({ systemId }) => deployed.has(systemId)),
      })),
    );
    const hasHead = deployed.has(head.systemId);
    emit({
      type: 'notice',
      level: hasHead ? 'info' : 'warning',
      message: `Tagged for ${flags.profile}; ${head.hostname} ${hasHead ? 'is' : 'will be'} the head`,
      ...(hasHead ? {} : { hint: 'It is tagged once it is deployed: run the same command again.' }),
    });
  }
  endBatch(session, 'deploy', results, { image: image.name });
}

async function readUserData(path: string): Promise<Buffer> {
  try {
    return await readBounded(path);
  } catch (error) {
    throw new Fault('CONFIG_NOT_FOUND', `The user data ${path} cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
