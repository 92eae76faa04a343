import pLimit from 'p-limit';
import { listUploaded, plainName, readResource } from '../maas/answers.ts';
import type { MaasClient } from '../maas/client.ts';
import { atLeast } from '../maas/version.ts';
import type { UploadRequest } from './request.ts';

// The list does not tell sums: one request for each image, a few at a time.
const AT_ONCE = 4;

/**
 * Names of other images that MAAS has complete with the content about to be sent. From 3.8 on MAAS keeps one file for all
 * images of a sum and writes it anew for each: meanwhile they have none, though MAAS goes on calling them complete.
 */
export async function imagesWithout(client: MaasClient, request: UploadRequest): Promise<string[]> {
  if (!atLeast(await client.version(), 3, 8)) return [];
  const { sha256, architecture } = request;
  const name = plainName(request.name);
  const others = (await listUploaded(client)).filter(
    (one) => one.name !== name || one.architecture !== architecture,
  );
  const limit = pLimit(AT_ONCE);
  const details = await Promise.all(others.map(({ id }) => limit(() => readResource(client, id))));
  return details
    .filter(({ sets }) =>
      sets.some((set) => set.complete && set.files.some((file) => file.sha256 === sha256)),
    )
    .map((one) => one.name)
    .sort();
}
