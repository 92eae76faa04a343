import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { bytes } from '../core/text/human.ts';
import type { Evidence } from '../image/artifact.ts';
import { sidecarNames } from '../image/attest/names.ts';
import { loadSigningKey } from '../image/attest/signing-key.ts';
import { writeAttestations } from '../image/attest/write.ts';
import { compressorId } from '../image/pack/compressor.ts';
import { packRoot } from '../image/pack/root.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { packFiles } from '../workspace/layout.ts';
import { defineStage } from './types.ts';

/** Makes NAME.tar.gz of the root; digest, findings and attestations come out of the same pass. */
export const pack = defineStage('pack', {
  async inputs({ config, image, output, env }) {
    const { root, origin, ...build } = output('build');
    const { keyFile } = config.sign;
    return {
      build: build.buildId,
      root: notCounted(root, 'the id of its build counts'),
      origin: notCounted({ ...origin, build }, 'the id of the build that it describes counts'),
      name: image.name,
      release: image.release,
      platform: image.platform,
      version: image.version,
      compression: image.compression,
      members: image.gzipMembers,
      // Another compressor writes other bytes.
      compressor: await compressorId(image.compression, image.gzipMembers),
      // The public half of the key that signs, if any.
      signingKey: keyFile === null ? null : (await loadSigningKey(keyFile, env, () => {})).keyId,
      keyFile: notCounted(keyFile, 'a secret whose public id counts'),
      cache: notCounted(
        { folder: config.cache, most: config.cacheMembers },
        'a member from the cache is the one that would be made',
      ),
    };
  },
  async run(inputs, { dir, emit, signal, env }) {
    const { root, origin, name, release, platform, version, compression: level, members, keyFile } = inputs;
    const cache = inputs.cache.most > 0 ? inputs.cache : undefined;
    const key = keyFile === null ? null : await loadSigningKey(keyFile, env, emit);
    const { artifact: path, evidence: evidencePath } = packFiles(dir, name);
    const packed = await packRoot(root, path, { level, members, cache, emit, signal });
    const date = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    const evidence: Evidence = {
      facts: packed.facts,
      stream: packed.stream,
      build: { pack: origin.pack },
    };
    const facts = { path: evidencePath, text: JSON.stringify(evidence) };
    await writeFile(facts.path, facts.text);
    const attestations = await writeAttestations({
      image: { name, release, platform, version, compression: level, members },
      ...{ origin, packed, date, signingKey: key },
    });
    return {
      data: {
        artifact: {
          ...{ path, manifest: sidecarNames(path).manifest, sha256: packed.sha256, size: packed.size, date },
        },
        facts: facts.path,
        factsSha256: createHash('sha256').update(facts.text).digest('hex'),
      },
      files: [path, facts.path, ...attestations],
      summary: `${bytes(packed.size)} of ${bytes(packed.tarBytes)}, ${packed.compressor}, sha256 ${packed.sha256.slice(0, 12)}…${key ? ', signed' : ''}`,
    };
  },
});
