import { stat } from 'node:fs/promises';
import { identityOf, isFresh } from '../../host/files/identity.ts';

/** A file whose bytes somebody has looked at, or whose manifest says what they are. */
export interface InspectedFile {
  size: number;
  sha256: string;
  /** See `KnownFile`; undefined where nobody has read the bytes. */
  identity?: string | undefined;
  baseImage: string | undefined;
  /** Such as arm64/generic. */
  architecture?: string;
}

/** Undefined for a file that was written a moment ago: another write might leave the same times. */
export async function settledIdentity(file: string): Promise<string | undefined> {
  const facts = await stat(file, { bigint: true });
  return isFresh(facts) ? undefined : identityOf(facts);
}
