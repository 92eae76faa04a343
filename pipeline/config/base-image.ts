import { Fault } from '../core/faults/fault.ts';

/** The values that MAAS accepts as the base image of a custom image (`BootResource.base_image`): a system that it imports itself. */
export const BASE_IMAGE = {
  pattern: /^(ubuntu|centos|rhel|ol)\/[a-z0-9][a-z0-9.-]*$/,
  accepts: 'os/series with ubuntu, centos, rhel or ol, such as ubuntu/focal',
} as const;

/**
 * The base image of the command line; letter case does not count.
 * @throws Fault USAGE when MAAS cannot take it
 */
export function expectBaseImage(text: string): void {
  if (BASE_IMAGE.pattern.test(text.toLowerCase())) return;
  throw new Fault('USAGE', `--base-image "${text}" is not accepted`, {
    hint: `Accepted: ${BASE_IMAGE.accepts}; MAAS boots its environment to unpack the image.`,
  });
}
