import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { makeFolders } from '../../host/files/folders.ts';
import { readBoundedText } from '../../host/files/regular.ts';
import { releaseFile, releasesFolder } from '../../workspace/layout.ts';
import { LARGEST_EVIDENCE } from '../artifact.ts';
import type { Description } from './description.ts';
import { describeJson } from './json-file.ts';

/** Releases whose facts are kept; some 300 kB each for DGX OS. */
const MOST = 100;
const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Keeps what is known of an uploaded artifact beside the ledger, by its digest, for comparisons when the workspace has moved on.
 * Of more than 100 the oldest go.
 */
export async function keepRelease(
  { name: _, ...release }: Description & { sha256: string },
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const dir = releasesFolder(env);
  await makeFolders(dir, 0o700);
  const path = releaseFile(env, release.sha256);
  const content = JSON.stringify(release);
  if ((await readBoundedText(path, LARGEST_EVIDENCE).catch(() => undefined)) === content) {
    const now = new Date();
    // It is among the newest again; none is more than before.
    return await utimes(path, now, now);
  }
  await writeFileAtomic(path, content);
  const files = await Promise.all(
    (await readdir(dir))
      .filter((file) => file.endsWith('.json'))
      .map(async (file) => ({ path: join(dir, file), at: (await stat(join(dir, file))).mtimeMs })),
  );
  for (const { path } of files.sort((a, b) => b.at - a.at).slice(MOST)) await rm(path, { force: true });
}

/** Makes a release one of the newest again. @returns false where it is not kept */
export async function keepLonger(sha256: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const now = new Date();
  return utimes(releaseFile(env, sha256), now, now).then(
    () => true,
    () => false,
  );
}

/** The release of this digest, or undefined where none is kept or it cannot be read. */
export async function keptRelease(
  sha256: string,
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<Description | undefined> {
  if (!DIGEST.test(sha256)) return undefined;
  try {
    return describeJson(name, await readBoundedText(releaseFile(env, sha256), LARGEST_EVIDENCE));
  } catch {
    return undefined;
  }
}
