import type { MaasClient } from './client.ts';
import { atLeast } from './version.ts';

/** An image of a boot source that MAAS has imported. */
interface Synced {
  name?: unknown;
  architecture?: unknown;
}

/**
 * Whether MAAS has what machines of an architecture boot from while an image is installed. From 3.1 on that is Ubuntu's own image of
 * the base image's series (its kernels: `get_working_kernel`); other bases, and MAAS before 3.1, boot the commissioning series.
 * @param baseImage such as ubuntu/focal
 * @param architecture such as amd64 or amd64/generic
 * @returns undefined where it does not depend on the base image
 */
export async function hasBaseImage(
  client: MaasClient,
  baseImage: string,
  architecture: string,
): Promise<boolean | undefined> {
  const wanted = baseImage.toLowerCase();
  if (!wanted.startsWith('ubuntu/') || !atLeast(await client.version(), 3, 1)) return undefined;
  const synced = await client.get('boot-resources/?type=synced');
  const own = architecture.split('/')[0];
  return (
    Array.isArray(synced) &&
    (synced as Synced[]).some(
      (image) => image.name === wanted && String(image.architecture).split('/')[0] === own,
    )
  );
}

/** The remedy where MAAS does not have it. */
export function importHint(baseImage: string, architecture: string): string {
  const series = baseImage.split('/')[1];
  const arch = architecture.split('/')[0];
  return `Import it: select Ubuntu ${series} for ${arch} in MAAS (\`boot_images:\` of a site file, Images in its web page).`;
}
