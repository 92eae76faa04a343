import { join } from 'node:path';
import { bytes } from '../core/text/human.ts';
import { extractFromIso } from '../install/iso/extract.ts';
import { locateIso } from '../install/iso/locate.ts';
import { assertPlatform, probeIso } from '../install/iso/probe.ts';
import type { Stage } from './types.ts';

/** Finds and verifies the medium, looks into it, and takes the kernel and the initrd out for a direct boot. */
export const iso: Stage<'iso'> = {
  id: 'iso',
  title: 'find the ISO, verify its sha256, probe its content',
  needs: [],
  async inputs({ image, release }) {
    return {
      source: image.iso.source,
      sha256: image.iso.sha256,
      // What must be on the medium for this release and platform.
      medium: { ...release.medium },
      platform: image.platform,
    };
  },
  async run({ image, release, config, dir, emit, signal }) {
    const medium = await locateIso(image.iso, { cacheDir: config.cache, emit, signal });
    const facts = await probeIso(medium.path, release.medium, { signal });
    assertPlatform(facts, image.platform);
    const kernel = join(dir, 'vmlinuz');
    const initrd = join(dir, 'initrd');
    await extractFromIso(medium.path, facts.kernel ?? release.medium.kernel, kernel, { signal });
    await extractFromIso(medium.path, facts.initrd ?? release.medium.initrd, initrd, { signal });
    return {
      data: { medium, facts, kernel, initrd },
      // The medium itself is an output: when it is replaced, everything after is done again.
      files: [medium.path, kernel, initrd],
      summary: `${facts.volumeId}, ${bytes(medium.size)}, sha256 verified, platforms ${facts.platforms.join(' ')}`,
    };
  },
};
