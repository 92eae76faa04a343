import { BASE_IMAGE } from '../base-image.ts';
import { text } from '../kinds.ts';
import { setting } from '../setting.ts';
import { THE_RELEASES } from './vm.ts';

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
    default: ({ release }) => release.architecture,
    defaultText: THE_RELEASES,
    help: 'Architecture and subarchitecture, such as amd64/generic.',
    example: ({ release }) => release.architecture,
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
