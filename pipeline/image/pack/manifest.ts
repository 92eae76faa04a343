import { basename } from 'node:path';
import type { ImageFacts } from '../facts/facts.ts';
import type { NamedImage, Origin } from '../origin.ts';
import { memberLine } from './member-line.ts';
import type { PackedRoot } from './root.ts';

export interface ManifestSource {
  image: NamedImage;
  origin: Origin;
  packed: PackedRoot;
  /** YYYYMMDD in UTC. */
  date: string;
}

/**
 * NAME.manifest.json: what the artifact is, what it was made of, and what is in it. What is known of the content has the
 * names and the form that it has in ImageFacts.
 */
export function artifactManifest(source: ManifestSource): string {
  const { image, packed } = source;
  const { iso, archive, rendered, build, pack } = source.origin;
  return `${JSON.stringify(
    {
      format: 1,
      image: image.name,
      release: image.release,
      platform: image.platform,
      version: image.version,
      date: source.date,
      artifact: artifactOf(packed),
      inputs: {
        ...(iso && {
          iso: { sha256: iso.medium.sha256, size: iso.medium.size, volumeId: iso.facts.volumeId },
        }),
        ...(archive && {
          root: { sha256: archive.root.sha256, size: archive.root.size },
          repository: { sha256: archive.repository.sha256, size: archive.repository.size },
          architecture: archive.architecture,
        }),
        rendered: rendered.files,
        settings: rendered.settings,
        install: rendered.way,
        boot: build.boot,
        accelerator: rendered.accelerator,
        pack,
        compression: image.compression,
        ...(image.members !== 'many' && { gzipMembers: image.members }),
      },
      tools: { ...build.tools, compressor: packed.compressor },
      ...contentOf(packed.facts),
    },
    null,
    2,
  )}\n`;
}

/** The artifact, as every manifest names it. */
export function artifactOf({ path, sha256, size, tarBytes, members }: PackedRoot) {
  return { file: basename(path), sha256, size, tarBytes, members: members?.map(memberLine) };
}

/** The content of an image, as every manifest lists it. */
export function contentOf(facts: ImageFacts) {
  return {
    osRelease: facts.osRelease,
    counts: facts.counts,
    bytes: facts.bytes,
    kernels: facts.kernels,
    boot: facts.boot,
    packages: facts.packages,
    biggest: facts.biggest,
    directories: facts.directories,
    owners: facts.owners,
    xattrs: facts.xattrs,
    services: facts.services,
    accounts: facts.accounts,
  };
}
