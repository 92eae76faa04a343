import { plainName } from '../../config/image-name.ts';
import type { Emit } from '../../core/events/event.ts';
import type { Form, MaasClient } from '../api/client.ts';
import { perform } from './perform.ts';
import type { DeployOptions, Machine } from './types.ts';

/** Whether a machine has this image, or is getting it. Content that was moved below the same name is not seen. */
export function hasImage(machine: Machine, image: string): boolean {
  const { osystem, series } = machine;
  if (osystem === 'custom') return image.startsWith('custom/') && plainName(image) === series;
  return image === `${osystem}/${series}` || (!image.includes('/') && image === series);
}

/**
 * Starts the deployment of a ready or allocated machine and returns at once; `waitFor` waits.
 * @throws Fault MAAS_REFUSED when MAAS does not deploy it
 */
export function deployMachine(
  client: MaasClient,
  machine: Pick<Machine, 'systemId'>,
  options: DeployOptions,
  session: { signal: AbortSignal; emit?: Emit },
): Promise<Machine> {
  const { image, userData, hweKernel, comment } = options;
  // A custom image's series is its whole name: osystem is not read.
  const form: Form = { distro_series: image };
  if (userData !== undefined) form.user_data = Buffer.from(userData).toString('base64');
  if (hweKernel) form.hwe_kernel = hweKernel;
  if (comment) form.comment = comment;
  const done = (now: Machine) =>
    (now.status === 'deploying' || now.status === 'deployed') && hasImage(now, image);
  return perform(client, machine.systemId, { op: 'deploy', form, done }, session);
}
