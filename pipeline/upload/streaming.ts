import { Fault } from '../errors/fault.ts';
import type { MaasClient } from '../maas/client.ts';
import type { Content } from '../maas/request.ts';
import { atLeast } from '../maas/version.ts';

const DOOR = '/a/v3/custom_images';

/**
 * Whether MAAS 3.8's way of one streamed request is open to this key: asked with a small signed GET first, since API v3
 * may not take API keys, and a refusal after the whole file would be a waste.
 */
export async function canStream(client: MaasClient): Promise<boolean> {
  if (!atLeast(await client.version(), 3, 8)) return false;
  try {
    await client.raw('GET', `${client.url}${DOOR}?page=1&size=1`);
    return true;
  } catch (error) {
    if (error instanceof Fault && error.exitCode !== 130 && error.exitCode !== 143) return false;
    throw error;
  }
}

export interface StreamedImage {
  name: string;
  sha256: string;
  architecture: string;
  filetype: string;
  title: string;
  baseImage: string;
}

/** Whether the image's words can stand in headers, which hold Latin-1 only. */
export function fitsHeaders(image: StreamedImage): boolean {
  return Object.values(image).every((value) => /^[\x20-\x7e]*$/.test(value));
}

/** Sends the whole file as the body of one request; one try. */
export async function streamImage(
  client: MaasClient,
  image: StreamedImage,
  body: Content,
  answerMs: number,
): Promise<void> {
  const { filetype, baseImage, ...same } = image;
  const headers = { ...same, 'file-type': filetype, 'base-image': baseImage };
  await client.raw('POST', `${client.url}${DOOR}`, { headers, body, answerMs });
}
