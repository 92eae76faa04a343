import { stat } from 'node:fs/promises';
import { expectedInstaller, isoInMemoryMiB, LARGEST_ISO_BYTES } from '../config/releases/installers.ts';
import { isoOf } from '../config/releases/load.ts';
import { mediumPath } from '../install/iso/locate.ts';
import type { RunRequest } from '../stages/run/runner.ts';
import { sourceOf } from '../stages/table.ts';
import type { BuildNeeds } from './jobs.ts';

/** The needs of an installation from archives: it runs apt. */
const WITHOUT_VM = { cpus: 1, memoryMiB: 1024 };

/** Processors of a rehearsal's machine. */
const REHEARSAL_CPUS = 2;

type Planned = Pick<RunRequest, 'config' | 'image' | 'release' | 'stages'>;

/** The needs of an image: those of its build, or of its rehearsal, whichever are larger. */
export async function needsOf(request: Planned): Promise<BuildNeeds> {
  const build = await buildNeeds(request);
  if (!request.stages.some(({ id }) => id === 'rehearse')) return build;
  const { memoryMiB } = request.image.rehearsal;
  return {
    cpus: Math.max(build.cpus, REHEARSAL_CPUS),
    memoryMiB: Math.max(build.memoryMiB, memoryMiB),
  };
}

/** An ISO that is not on this host yet counts as one of the largest. */
async function buildNeeds({ config, image, release }: Planned): Promise<BuildNeeds> {
  if (sourceOf(image) === 'archive') return WITHOUT_VM;
  const installer = expectedInstaller(isoOf(release));
  const path = mediumPath({ source: image.iso.source, sha256: image.iso.sha256 ?? '' }, config.cache);
  const iso = await stat(path).catch(() => ({ size: LARGEST_ISO_BYTES }));
  return {
    cpus: image.vm.cpus ?? installer.vm.cpus,
    memoryMiB: image.vm.memoryMiB ?? installer.vm.memoryMiB + isoInMemoryMiB(installer, iso.size),
  };
}
