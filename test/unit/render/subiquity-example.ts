import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installerFor } from '../../../pipeline/config/releases/installers.ts';
import { loadRelease } from '../../../pipeline/config/releases/load.ts';
import type { ImageConfig, Subiquity } from '../../../pipeline/config/types.ts';
import type { SubiquityInput } from '../../../pipeline/install/render/subiquity/types.ts';
import { image } from './example.ts';

/** A complete input for a release of the catalogue. */
export async function subiquityInput(
  id: string,
  change: Partial<Omit<SubiquityInput, 'image'>> & {
    image?: Partial<ImageConfig>;
    vm?: Partial<ImageConfig['vm']>;
  } = {},
): Promise<SubiquityInput> {
  const release = await loadRelease(id);
  const installer = installerFor(release, 'subiquity') as Subiquity;
  const { vm, ...rest } = change;
  return {
    release: { ...installer, hook: release.hook },
    architecture: 'amd64',
    iso: { path: '/iso/a.iso', sha256: 'a'.repeat(64), bytes: 100 * 1024 ** 2 },
    kernel: '/boot files/kernel',
    initrd: '/boot files/initrd',
    packerVersion: '1.6.6',
    accelerator: 'tcg',
    dir: join(mkdtempSync(join(tmpdir(), 'render-')), 'rendered'),
    ...rest,
    image: { ...image, platform: 'demo1', ...change.image, vm: { ...image.vm, ...vm } },
  };
}
