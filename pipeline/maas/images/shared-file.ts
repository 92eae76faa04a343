import pLimit from 'p-limit';
import { plainName } from '../../config/image-name.ts';
import type { Emit } from '../../core/events/event.ts';
import { type BootResource, listUploaded, readResource } from '../api/answers.ts';
import type { MaasClient } from '../api/client.ts';
import { atLeast } from '../api/version.ts';
import type { UploadRequest } from './request.ts';

// The list has no digests: one request for each image, a few at a time.
const AT_ONCE = 4;

/** Names of other images of MAAS that have the same data as an upload. */
export interface SameContent {
  /** MAAS has it whole under these. */
  complete: string[];
  /** It was sent in part, or is being sent now. */
  unfinished: string[];
}

/**
 * Other images with the data about to be sent. From 3.5 on MAAS keeps one file on disk for all images of a sum (by the sum
 * itself in 3.5.0 and 3.5.1, by `filename_on_disk` from 3.5.2): up to 3.7 a second upload begins the unfinished file anew, and from
 * 3.8 on the finished one as well. Up to 3.4 nothing of this is so, and nobody is asked.
 * @param uploaded all uploaded images, where they have just been read
 */
export async function imagesWithSameContent(
  client: MaasClient,
  request: UploadRequest,
  uploaded?: readonly BootResource[],
): Promise<SameContent> {
  if (!atLeast(await client.version(), 3, 5)) return { complete: [], unfinished: [] };
  const { sha256, architecture } = request;
  const name = plainName(request.name);
  const others = (uploaded ?? (await listUploaded(client))).filter(
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

export interface SharedContent extends SameContent {
  /** Those that have no file until the upload is complete (3.8). */
  without: string[];
}

/** Asks for other images of the same data before the first byte, and warns of what happens to them; `uploaded` as above. */
export async function warnOfSharedFile(
  client: MaasClient,
  request: UploadRequest,
  uploaded?: readonly BootResource[],
): Promise<SharedContent> {
  const others = await imagesWithSameContent(client, request, uploaded);
  const { complete, unfinished } = others;
  const { emit, name } = request;
  if (unfinished.length > 0)
    emit({
      type: 'notice',
      level: 'warning',
      message: `${listed(unfinished)} has the same data and is not complete: this MAAS stores one file for both, and the part sent so far is lost`,
      hint: 'If somebody is uploading it, stop one of the two uploads: together they can leave a damaged image that MAAS reports as complete.',
    });
  if (complete.length === 0 || !atLeast(await client.version(), 3, 8)) return { ...others, without: [] };
  emit({
    type: 'notice',
    level: 'warning',
    message: `${listed(complete)} cannot be deployed until "${plainName(name)}" is complete: the data is the same, and this MAAS stores one file for both and writes it again`,
  });
  return { ...others, without: complete };
}

/** Says what an upload that broke off leaves of the images that had the same data. */
export function warnOfBrokenUpload(without: readonly string[], emit: Emit): void {
  if (without.length === 0) return;
  emit({
    type: 'notice',
    level: 'warning',
    message: `${listed(without)} may have no data in MAAS now, which still reports it as complete`,
    hint: 'Run the same command again: if it succeeds, both images are complete. Otherwise delete both in MAAS and upload again.',
  });
}

function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
