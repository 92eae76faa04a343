import { assertConsent } from '../config/consent.ts';
import { isoOf } from '../config/releases/load.ts';
import type { IsoRelease } from '../config/types.ts';
import { Fault } from '../core/faults/fault.ts';
import { bytes } from '../core/text/human.ts';
import { publicSource } from '../image/attest/parameters.ts';
import { extractFromIso } from '../install/iso/extract.ts';
import { locateIso, mediumPath } from '../install/iso/locate.ts';
import { assertPlatform, type KnownMedia, probeIso } from '../install/iso/probe.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { isoFiles } from '../workspace/layout.ts';
import { defineStage } from './types.ts';

/** Files that must be on the medium, by the installers that the release has facts for. */
function mediaOf({ liveCurtin, subiquity }: IsoRelease): KnownMedia {
  return { liveCurtin: liveCurtin?.medium ?? null, subiquity: subiquity?.medium ?? null };
}

/** Finds and verifies the medium, looks into it, and takes the kernel and the initrd out for a direct boot. */
export const iso = defineStage('iso', {
  async inputs({ image, release, config }) {
    assertConsent(image, release);
    if (image.archive.lock !== null)
      throw new Fault('CONFIG_INVALID', `images.${image.name}: --locked is for images with \`archive:\``, {
        hint: 'The packages of an image from an ISO are those of the ISO.',
      });
    return {
      source: publicSource(image.iso.source),
      wholeSource: notCounted(
        image.iso.source,
        'its folder, user, password and query do not decide its content; the sum counts',
      ),
      sha256: image.iso.sha256,
      // Files that must be on the medium for this release and platform.
      medium: mediaOf(isoOf(release)),
      platform: image.platform,
      cacheDir: notCounted(config.cache, 'where a download is kept; the sum of its content counts'),
    };
  },
  outside({ image, config }) {
    return { 'medium.path': mediumPath({ ...image.iso, sha256: image.iso.sha256 ?? '' }, config.cache) };
  },
  async run(inputs, { dir, emit, signal }) {
    const { wholeSource: source, sha256, cacheDir } = inputs;
    const medium = await locateIso({ source, sha256: sha256 ?? '' }, { cacheDir, emit, signal });
    const facts = await probeIso(medium.path, inputs.medium, { signal });
    assertPlatform(facts, inputs.platform);
    const { kernel, initrd } = isoFiles(dir);
    await extractFromIso(medium.path, facts.kernel, kernel, { signal });
    await extractFromIso(medium.path, facts.initrd, initrd, { signal });
    return {
      data: { medium, facts, kernel, initrd },
      // The medium itself is an output: when it is replaced, everything after is done again.
      files: [medium.path, kernel, initrd],
      summary: `${facts.volumeId}, ${bytes(medium.size)}, sha256 verified, ${facts.platforms.length ? `platforms ${facts.platforms.join(' ')}` : facts.installer}`,
    };
  },
});
