import { stat } from 'node:fs/promises';
import { expectedInstaller, isoInMemoryMiB, LARGEST_ISO_BYTES } from '../config/releases/installers.ts';
import { isoOf } from '../config/releases/load.ts';
import { mediumPath } from '../install/iso/locate.ts';
import type { RunRequest } from '../stages/run/runner.ts';
import { sourceOf } from '../stages/table.ts';
import type { BuildNeeds } from './jobs.ts';

/** The needs of an installation from archives: it runs apt. */
const WITHOUT_VM = { cpus: 1, memoryMiB: 1024 };

/** The needs of an image's build; an ISO that is not on this host yet counts as one of the largest. */
export async function needsOf({
  config,
  image,
  release,
}: Pick<RunRequest, 'config' | 'image' | 'release'>): Promise<BuildNeeds> {
  if (sourceOf(image) === 'archive') return WITHOUT_VM;
  const installer = expectedInstaller(isoOf(release));
  const path = mediumPath({ source: image.iso.source, sha256: image.iso.sha256 ?? '' }, config.cache);
  const iso = await stat(path).catch(() => ({ size: LARGEST_ISO_BYTES }));
  return {
    cpus: image.vm.cpus ?? installer.vm.cpus,
    memoryMiB: image.vm.memoryMiB ?? installer.vm.memoryMiB + isoInMemoryMiB(installer, iso.size),
  };
}
