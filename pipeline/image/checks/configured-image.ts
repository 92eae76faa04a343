import { stat } from 'node:fs/promises';
import { loadConfig } from '../../config/load.ts';
import { expand, placeholderValues } from '../../config/placeholders.ts';
import { requiredPackages } from '../../config/releases/archive.ts';
import { loadRelease } from '../../config/releases/load.ts';
import { Fault } from '../../core/faults/fault.ts';
import { imageFolder } from '../../workspace/layout.ts';
import { readRecord } from '../../workspace/record.ts';
import type { Artifact } from '../artifact.ts';
import type { JudgeOptions } from './judge.ts';

/** The artifact of an image of the configuration, and what a run judges it by. */
export interface ConfiguredImage
  extends Pick<JudgeOptions, 'baseImage' | 'platform' | 'architecture' | 'packages'> {
  path: string;
  profile: string;
}

/**
 * An image of the configuration by its name; undefined for a file of that name, a URL, `-`, and any other name.
 * @throws Fault CONFIG_*, IMAGE_NOT_BUILT
 */
export async function configuredImage(
  name: string,
  { env, configFile }: { env: NodeJS.ProcessEnv; configFile: string | undefined },
): Promise<ConfiguredImage | undefined> {
  if (name.includes('/') || name === '-' || (await stat(name).catch(() => undefined))) return undefined;
  const { config } = await loadConfig({ file: configFile, env, cwd: process.cwd() });
  const image = Object.hasOwn(config.images, name) ? config.images[name] : undefined;
  if (!image) return undefined;
  const imageDir = imageFolder(config.workspace, name);
  const record = await readRecord<{ artifact: Artifact }>(imageDir, 'pack');
  if (!record)
    throw new Fault('IMAGE_NOT_BUILT', `Image ${name} has no finished artifact in ${imageDir}`, {
      hint: `Build one with: dgxos-maas build ${name}`,
    });
  const { platform, resource } = image;
  const release = await loadRelease(image.release);
  return {
    path: record.data.artifact.path,
    profile: release.profile,
    packages: requiredPackages(release, platform),
    ...{ platform, baseImage: resource.baseImage },
    architecture: expand(resource.architecture, placeholderValues(image, { date: '', digest: '' })),
  };
}
