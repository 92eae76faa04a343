import { Fault } from '../core/faults/fault.ts';
import type { ImageConfig, Release } from './types.ts';

/**
 * Two consents that the configuration must have before anything of an image is made: installing NVIDIA's software accepts its licence, and a
 * preview is not taken for a release.
 * @throws Fault LICENCE_NOT_ACCEPTED with where the licence is; CONFIG_INVALID for a preview that was not asked for
 */
export function assertConsent(
  image: Pick<ImageConfig, 'name' | 'acceptEula' | 'preview' | 'archive'>,
  release: Pick<Release, 'title' | 'licence' | 'archive'>,
): void {
  const at = `images.${image.name}`;
  if (release.licence !== null && !image.acceptEula)
    throw new Fault('LICENCE_NOT_ACCEPTED', `${at}: the licence of ${release.title} is not accepted`, {
      hint: `${release.licence}. If you accept it, set \`accept_eula: true\` in the image.`,
    });
  if (release.archive?.preview && image.archive.root.source !== null && !image.preview)
    throw new Fault('CONFIG_INVALID', `${at}: ${release.title} is not a finished release`, {
      hint: 'Its packages and addresses are inferred from the release before it. To try it, set `preview: true` in the image.',
    });
}
