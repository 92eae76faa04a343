import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { filesToServe } from '../render/files.ts';
import { type RenderSource, templateSource } from '../render/sources.ts';
import { TEMPLATES } from '../render/templates.ts';
import type { RenderImage } from '../render/types.ts';

/** Folders of templates that an installation from archives is rendered from. */
const FOLDERS = ['archive', 'curtin', 'hcl', 'namespace'];

/**
 * Every file that decides the result of `renderArchive`, for the stage's fingerprint: our templates and hook, the user's files to add.
 * @throws Fault CONFIG_INVALID
 */
export async function archiveSources(input: {
  image: Pick<RenderImage, 'files'>;
  hook: string | null;
}): Promise<RenderSource[]> {
  const sources: RenderSource[] = [];
  for (const folder of FOLDERS)
    for (const entry of await readdir(join(TEMPLATES, folder), { withFileTypes: true }))
      if (entry.isFile()) sources.push(await templateSource(join(TEMPLATES, folder, entry.name)));
  for (const { path, sha256 } of await filesToServe(input.image, { hook: input.hook }))
    sources.push({ path, sha256 });
  return sources.sort((a, b) => (a.path < b.path ? -1 : 1));
}
