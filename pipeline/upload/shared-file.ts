import pLimit from 'p-limit';
import { listUploaded, plainName, readResource } from '../maas/answers.ts';
import type { MaasClient } from '../maas/client.ts';
import { atLeast } from '../maas/version.ts';
import type { UploadRequest } from './request.ts';

// The list does not tell sums: one request for each image, a few at a time.
const AT_ONCE = 4;

/** Names of other images of MAAS that have the content of an upload. */
export interface SameContent {
  /** MAAS has it whole under these. */
  complete: string[];
  /** It was sent in part, or is being sent now. */
  unfinished: string[];
}

/**
 * Other images with the content about to be sent. From 3.5 on MAAS keeps one file on disk for all images of a sum (by the sum
 * itself in 3.5.0 and 3.5.1, by `filename_on_disk` from 3.5.2): up to 3.7 a second upload begins the unfinished file anew, and from
 * 3.8 on the finished one as well. Up to 3.4 nothing of this is so, and nobody is asked.
 */
export async function othersWith(client: MaasClient, request: UploadRequest): Promise<SameContent> {
  if (!atLeast(await client.version(), 3, 5)) return { complete: [], unfinished: [] };
  const { sha256, architecture } = request;
  const name = plainName(request.name);
  const others = (await listUploaded(client)).filter(
    (one) => one.name !== name || one.architecture !== architecture,
  );
  const limit = pLimit(AT_ONCE);
  const details = await Promise.all(others.map(({ id }) => limit(() => readResource(client, id))));
  const having = (complete: boolean) =>
    details
      .filter(({ sets }) =>
        sets.some((set) => set.complete === complete && set.files.some((file) => file.sha256 === sha256)),
      )
      .map((one) => one.name)
      .sort();
  return { complete: having(true), unfinished: having(false) };
}
