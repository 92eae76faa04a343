import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Emit } from '../core/events/event.ts';
import { bytes } from '../core/text/human.ts';
import type { Evidence } from '../image/artifact.ts';
import { sidecarNames } from '../image/attest/names.ts';
import { loadSigningKey, type SigningKey } from '../image/attest/signing-key.ts';
import { writeAttestations } from '../image/attest/write.ts';
import { FACTS_VERSION } from '../image/facts/facts.ts';
import { compressorId } from '../image/pack/compressor.ts';
import { packRoot } from '../image/pack/root.ts';
import type { Stage, StageContext } from './types.ts';

/** Makes NAME.tar.gz of the root; digest, findings and attestations come out of the same pass. */
export const pack: Stage<'pack'> = {
  id: 'pack',
  title: 'compress the root to a tgz; digest, facts, SBOM and provenance from the same pass',
  needs: ['iso', 'render', 'build'],
  async inputs(context) {
    const { image } = context;
    return {
      build: context.output('build').buildId,
      // Facts of another shape would be judged wrongly.
      facts: FACTS_VERSION,
      name: image.name,
      compression: image.compression,
      members: image.gzipMembers ?? 'many',
      // Another compressor writes other bytes.
      compressor: await compressorId(image.compression, image.gzipMembers),
      // Whose signature is made, if any; the public half only.
      signingKey: (await signingKey(context, () => {}))?.keyId ?? null,
    };
  },
  async run(context) {
    const { image, release, dir, emit, signal } = context;
    const built = context.output('build');
    const key = await signingKey(context, emit);
    const path = join(dir, `${image.name}.tar.gz`);
    const { compression: level, gzipMembers: members } = image;
    const packed = await packRoot(built.root, path, { level, members, emit, signal });
    const date = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    const evidencePath = join(dir, 'facts.json');
    const evidence: Evidence = { facts: packed.facts, stream: packed.stream, build: { pack: image.pack } };
    await writeFile(evidencePath, JSON.stringify(evidence));
    const attestations = await writeAttestations({
      image,
      release,
      iso: context.output('iso'),
      rendered: context.output('render'),
      build: built,
      packed,
      date,
      packerMaas: context.config.packerMaas,
      signingKey: key,
      signal,
    });
    return {
      data: {
        artifact: {
          path,
          manifest: sidecarNames(path).manifest,
          sha256: packed.sha256,
          size: packed.size,
          date,
        },
        facts: evidencePath,
      },
      files: [path, evidencePath, ...attestations],
      summary: `${bytes(packed.size)} of ${bytes(packed.tarBytes)}, ${packed.compressor}, sha256 ${packed.sha256.slice(0, 12)}…${key ? ', signed' : ''}`,
    };
  },
};

/** The key that the configuration names. */
async function signingKey({ config, env }: StageContext, emit: Emit): Promise<SigningKey | null> {
  return config.sign.keyFile === null ? null : loadSigningKey(config.sign.keyFile, env, emit);
}
