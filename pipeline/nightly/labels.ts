import { expectedInstaller } from '../config/releases/installers.ts';
import { isoOf } from '../config/releases/load.ts';
import { Fault } from '../core/faults/fault.ts';
import { chooseAccelerator } from '../host/accelerator.ts';
import { parseSource } from '../install/iso/source.ts';
import { chooseWay } from '../install/way.ts';
import type { RunRequest } from '../stages/run/runner.ts';
import { sourceOf } from '../stages/table.ts';

/** The way in which a builder makes a root: in a VM with KVM, in an emulated one, or in namespaces. */
export type Capability = 'kvm' | 'tcg' | 'namespace';

/** The requirements of a build on its builder. */
export interface BuilderLabels {
  architecture: string;
  capability: Capability;
  /** True: the medium is a file on the builder, not a download. */
  holdsIso: boolean;
}

type Built = Pick<RunRequest, 'image' | 'release' | 'signal'>;

/** The requirements of an image on its builder. A setting `auto` means what this host would take: builders are alike. */
export async function labelsOf({ image, release, signal }: Built): Promise<BuilderLabels> {
  const { iso, archive } = image;
  const media =
    sourceOf(image) === 'iso' ? [iso.source] : [archive.root.source ?? '', archive.repository.source ?? ''];
  const architecture = image.resource.architecture.split('/')[0] as string;
  return {
    architecture,
    capability: await capabilityOf({ image, release, signal }, architecture),
    holdsIso: media.some((source) => parseSource(source).kind !== 'url'),
  };
}

async function capabilityOf({ image, release, signal }: Built, architecture: string): Promise<Capability> {
  if (sourceOf(image) === 'archive' || image.install === 'namespace') return 'namespace';
  const { accelerator } = image.vm;
  if (accelerator !== 'auto') return accelerator;
  const { installer } = expectedInstaller(isoOf(release));
  const emit = () => {};
  try {
    if ((await chooseWay({ image, installer, emit, signal })) === 'namespace') return 'namespace';
    return (await chooseAccelerator(accelerator, { emit, signal, architecture })).accelerator;
  } catch (error) {
    // A host that cannot build it may list it nevertheless.
    if (!(error instanceof Fault) || signal.aborted) throw error;
    return 'kvm';
  }
}
