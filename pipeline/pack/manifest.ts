import type { ImageConfig, Release } from '../config/types.ts';
import type { StageData } from '../stages/types.ts';
import type { PackedRoot } from './root.ts';

export interface ManifestSource {
  image: ImageConfig;
  release: Release;
  iso: StageData['iso'];
  rendered: StageData['render'];
  tools: Record<string, string>;
  boot: string;
  packed: PackedRoot;
  date: string;
}

/** NAME.manifest.json: what the artifact is, what it was made of, and what is in it. */
export function artifactManifest(source: ManifestSource): string {
  const { image, release, iso, rendered, packed } = source;
  const { facts } = packed;
  return `${JSON.stringify(
    {
      format: 1,
      image: image.name,
      release: release.id,
      platform: image.platform,
      version: image.version,
      date: source.date,
      artifact: {
        file: `${image.name}.tar.gz`,
        sha256: packed.sha256,
        size: packed.size,
        tarBytes: packed.tarBytes,
      },
      inputs: {
        iso: { sha256: iso.medium.sha256, size: iso.medium.size, volumeId: iso.facts.volumeId },
        rendered: rendered.files,
        settings: rendered.settings,
        boot: source.boot,
        accelerator: rendered.accelerator,
        pack: image.pack,
        compression: image.compression,
      },
      tools: source.tools,
      kernels: facts.kernels,
      packages: facts.packages,
      counts: facts.counts,
    },
    null,
    2,
  )}\n`;
}
