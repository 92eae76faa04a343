import type { DescribeOptions } from '../../image/diff/describe.ts';
import type { Description } from '../../image/diff/description.ts';
import { lastRelease } from '../../image/diff/last-release.ts';
import { shownTime } from './time.ts';

/** The release before this one, or why there is nothing to compare with. */
export type Previous = { description: Description; note: string } | { description: null; note: string };

export interface PreviousOptions {
  env: NodeJS.ProcessEnv;
  /** Image's name in the configuration, and the digest of its artifact. */
  image: string;
  sha256: string | undefined;
}

/** The last upload of that image with another digest, of which facts are kept beside the ledger. */
export async function previousRelease({ env, image, sha256 }: PreviousOptions): Promise<Previous> {
  if (sha256 === undefined) return { description: null, note: 'There is no artifact to compare.' };
  const last = await lastRelease(image, sha256, env);
  if (!last)
    return { description: null, note: 'No other release of this image was uploaded from this host.' };
  const { entry, description } = last;
  if (!description)
    return {
      description: null,
      note: `The facts of ${entry.name} (uploaded ${shownTime(entry.time)}) are not stored on this host.`,
    };
  return { description, note: `Since ${entry.name}, uploaded ${shownTime(entry.time)}.` };
}

/** The image that --since names. @throws Fault as `describeImage` does */
export async function namedRelease(name: string, options: DescribeOptions): Promise<Previous> {
  // Reads archives, too: much to load for a report that needs none.
  const { describeImage } = await import('../../image/diff/describe.ts');
  return { description: await describeImage(name, options), note: `Since ${name}.` };
}
