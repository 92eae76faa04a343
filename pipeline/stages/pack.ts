import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compressorId } from '../pack/compressor.ts';
import { artifactManifest } from '../pack/manifest.ts';
import { packRoot } from '../pack/root.ts';
import { bytes } from '../report/human.ts';
import type { Evidence, Stage } from './types.ts';

/** Makes NAME.tar.gz of the root; digest and findings come out of the same pass. */
export const pack: Stage<'pack'> = {
  id: 'pack',
  title: 'compress the root to a tgz; digest, facts and manifest in the same pass',
  needs: ['iso', 'render', 'build'],
  async inputs(context) {
    const { image } = context;
    return {
      build: context.output('build').buildId,
      name: image.name,
      compression: image.compression,
      // Another compressor writes other bytes.
      compressor: await compressorId(image.compression),
    };
  },
  async run(context) {
    const { image, release, dir, emit, signal } = context;
    const built = context.output('build');
    const path = join(dir, `${image.name}.tar.gz`);
    const packed = await packRoot(built.root, path, { level: image.compression, emit, signal });
    const date = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    const manifestPath = join(dir, `${image.name}.manifest.json`);
    const evidencePath = join(dir, 'facts.json');
    const evidence: Evidence = { facts: packed.facts, stream: packed.stream, build: { pack: image.pack } };
    await writeFile(evidencePath, JSON.stringify(evidence));
    await writeFile(
      manifestPath,
      artifactManifest({
        image,
        release,
        iso: context.output('iso'),
        rendered: context.output('render'),
        tools: { ...built.tools, compressor: packed.compressor },
        boot: built.boot,
        packed,
        date,
      }),
    );
    return {
      data: {
        artifact: { path, manifest: manifestPath, sha256: packed.sha256, size: packed.size, date },
        facts: evidencePath,
      },
      files: [path, manifestPath, evidencePath],
      summary: `${bytes(packed.size)} of ${bytes(packed.tarBytes)}, ${packed.compressor}, sha256 ${packed.sha256.slice(0, 12)}…`,
    };
  },
};
