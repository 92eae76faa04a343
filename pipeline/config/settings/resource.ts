import { BASE_IMAGE } from '../base-image.ts';
import { text } from '../kinds.ts';
import { setting } from '../setting.ts';
import type { Release } from '../types.ts';
import { THE_RELEASES } from './vm.ts';

/** MAAS' name of what a platform runs on: its own processor's, else the release's. */
function architectureFor({ platforms, architecture }: Release, platform = ''): string {
  const own = Object.hasOwn(platforms, platform) ? platforms[platform]!.architecture : null;
  return own === null ? architecture : `${own}/generic`;
}

/** The boot resource's fields, placeholders still in them. */
export const RESOURCE = {
  name: setting({
    kind: {
      ...text(),
      accepts: 'custom/ and a name of letters, digits and . _ + ~ -, 255 characters at most',
    },
    default: ({ release }) => release.defaults.resourceName,
    defaultText: THE_RELEASES,
    help: 'Name in MAAS: custom/ and no second slash.',
    example: ({ release }) => release.defaults.resourceName,
  }),
  title: setting({
    kind: text(),
    default: ({ release }) => release.defaults.title,
    defaultText: THE_RELEASES,
    help: 'Title in MAAS.',
    example: ({ release }) => release.defaults.title,
  }),
  architecture: setting({
    kind: { ...text(), accepts: 'architecture/subarchitecture, such as amd64/generic' },
    default: ({ release, platform }) => architectureFor(release, platform),
    defaultText: "the platform's, else the release's",
    help: 'Architecture and subarchitecture, such as amd64/generic.',
    example: ({ release }) => architectureFor(release, Object.keys(release.platforms)[0]),
  }),
  base_image: setting({
    kind: { ...text(), accepts: BASE_IMAGE.accepts },
    default: ({ release }) => release.baseImage,
    defaultText: THE_RELEASES,
    help: 'os/series that MAAS boots to deploy the image, such as ubuntu/focal.',
    details: 'MAAS never changes it after the first upload.',
    example: ({ release }) => release.baseImage,
  }),
};
