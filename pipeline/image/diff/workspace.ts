import { basename } from 'node:path';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { readBoundedText } from '../../host/files/regular.ts';
import { evidenceFile, stageFolder } from '../../workspace/layout.ts';
import { readRecord } from '../../workspace/record.ts';
import { type Artifact, LARGEST_EVIDENCE } from '../artifact.ts';
import type { Description } from './description.ts';
import { describeJson } from './json-file.ts';
import { keepLonger, keepRelease } from './release-store.ts';

/**
 * The artifact that lies in an image's folder of the workspace, by what its stage `pack` found.
 * @throws Fault IMAGE_NOT_BUILT when there is none
 */
export async function describeBuilt(
  imageDir: string,
  name = basename(imageDir),
): Promise<Description & { sha256: string }> {
  const record = await readRecord<{ artifact: Artifact }>(imageDir, 'pack');
  const facts = await readBoundedText(evidenceFile(stageFolder(imageDir, 'pack')), LARGEST_EVIDENCE).catch(
    () => undefined,
  );
  if (!record || facts === undefined)
    throw new Fault('IMAGE_NOT_BUILT', `Image ${name} has no finished artifact in ${imageDir}`, {
      hint: `Build one with: dgxos-maas run ${name}`,
    });
  const { sha256, size, date } = record.data.artifact;
  return { ...describeJson(name, facts), sha256, size, date };
}

/**
 * Keeps the facts of the artifact in an image's folder as a release; called when an upload has ended well.
 * @param before the artifact that was kept when this was called last
 * @throws Fault IMAGE_NOT_BUILT, DISK_FULL, NO_PERMISSION
 */
export async function keepBuilt(imageDir: string, env: NodeJS.ProcessEnv, before?: string): Promise<void> {
  if (before !== undefined) {
    const record = await readRecord<{ artifact: Artifact }>(imageDir, 'pack');
    if (record?.data.artifact.sha256 === before && (await keepLonger(before, env))) return;
  }
  const built = await describeBuilt(imageDir);
  try {
    await keepRelease(built, env);
  } catch (error) {
    throw fromSystemError(error, 'keeping the facts of the release');
  }
}
