import { architecturesOf } from '../../config/releases/archive.ts';
import type { Architecture, ArchiveRelease, ImageConfig, Release } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import { HOST_ARCHITECTURE } from '../../host/architecture.ts';
import { foreignVerdict } from '../../host/foreign.ts';

/**
 * The architecture that an image is installed for: that of its boot resource.
 * @throws Fault CONFIG_INVALID where the release has no packages for it
 */
export function architectureFor(
  archive: ArchiveRelease,
  release: Pick<Release, 'id' | 'platforms'>,
  image: Pick<ImageConfig, 'name' | 'platform' | 'resource'>,
): Architecture {
  const wanted = image.resource.architecture.split('/')[0];
  const platform = release.platforms[image.platform];
  const possible = platform ? architecturesOf(archive, platform) : [];
  const found = possible.find((one) => one === wanted);
  if (found) return found;
  throw new Fault(
    'CONFIG_INVALID',
    `images.${image.name}: ${release.id} on ${image.platform} is not for ${wanted}`,
    {
      hint: `It is for: ${possible.join(', ')}.`,
    },
  );
}

/**
 * Programs of the architecture run here, by themselves or by qemu-user.
 * @throws Fault FOREIGN_ARCHITECTURE with what to install
 */
export async function assertRunsHere(architecture: Architecture): Promise<void> {
  if (HOST_ARCHITECTURE === architecture) return;
  const { usable, reason, hint } = await foreignVerdict(architecture);
  if (!usable)
    throw new Fault('FOREIGN_ARCHITECTURE', `Programs for ${architecture} do not run here: ${reason}`, {
      hint,
    });
}
