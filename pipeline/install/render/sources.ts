import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { LiveCurtin } from '../../config/types.ts';
import { filesToServe, sha256Of } from './files.ts';
import { TEMPLATES } from './templates.ts';
import type { RenderImage, RenderRelease } from './types.ts';
import { PACK_SCRIPTS, readUpstream, readUpstreamFile } from './upstream.ts';

/** A file that decides what is rendered; `path` names it without this host's directories where it is not the user's own. */
export interface RenderSource {
  path: string;
  sha256: string;
}

/**
 * Every file that decides the result of `renderBuild`, for the stage's fingerprint: our templates and hook, the files
 * read in the packer-maas checkout, the user's files to add. A change of upstream's shows up here.
 * @throws Fault SUBMODULE_MISSING, SUBMODULE_UNREADABLE, CONFIG_INVALID
 */
export async function renderSources(input: {
  image: Pick<RenderImage, 'files' | 'pack'>;
  release: Pick<RenderRelease, 'hook'> & { upstream: LiveCurtin['upstream'] | null };
  packerMaas: string;
}): Promise<RenderSource[]> {
  const { image, release, packerMaas } = input;
  const sources = [...(await allTemplates())];
  if (release.upstream?.from === 'templates')
    sources.push(await templateSource(join(TEMPLATES, release.upstream.curtin)));
  else if (release.upstream)
    for (const file of (await readUpstream(packerMaas, release.upstream)).files)
      sources.push(upstream(file.path, file.sha256));
  if (image.pack === 'packer-maas')
    for (const path of PACK_SCRIPTS)
      sources.push(upstream(path, (await readUpstreamFile(packerMaas, path)).sha256));
  for (const file of await filesToServe(image, release))
    sources.push({ path: file.path, sha256: file.sha256 });
  return sources.sort((a, b) => (a.path < b.path ? -1 : 1));
}

let templates: Promise<RenderSource[]> | undefined;

/** The templates of every way; they are read once in a process, like the program itself. */
function allTemplates(): Promise<RenderSource[]> {
  templates ??= readTemplates();
  return templates;
}

async function readTemplates(): Promise<RenderSource[]> {
  const sources: RenderSource[] = [];
  for (const folder of ['hcl', 'curtin', 'namespace', 'namespace/interpreter', 'subiquity'])
    for (const entry of await readdir(join(TEMPLATES, folder), { withFileTypes: true }))
      if (entry.isFile()) sources.push(await templateSource(join(TEMPLATES, folder, entry.name)));
  return sources;
}

export async function templateSource(path: string): Promise<RenderSource> {
  return { path: `templates/${relative(TEMPLATES, path)}`, sha256: await sha256Of(path) };
}

function upstream(path: string, sha256: string): RenderSource {
  return { path: `packer-maas/${path}`, sha256 };
}
