import type { ImageConfig } from '../config/types.ts';
import type { Emit } from '../core/events/event.ts';
import { Fault } from '../core/faults/fault.ts';
import { kvmHere } from '../host/accelerator.ts';
import { namespaceVerdict } from '../host/namespaces.ts';
import type { IsoFacts } from './iso/facts.ts';
import type { MediumWay } from './render/types.ts';

export interface WayRequest {
  image: Pick<ImageConfig, 'install' | 'pack' | 'vm'>;
  installer: IsoFacts['installer'];
  emit: Emit;
  signal?: AbortSignal;
}

/**
 * The way from the medium to a root. `auto` takes a VM where KVM works or a setting asks for one, else namespaces where the medium
 * and the host allow them, and says which and why.
 * @throws Fault CONFIG_INVALID for the way that needs no medium; NAMESPACE_UNUSABLE when namespaces are asked for and cannot be had
 */
export async function chooseWay({ image, installer, emit, signal }: WayRequest): Promise<MediumWay> {
  if (image.install === 'archive')
    throw new Fault('CONFIG_INVALID', 'install: archive is not possible for an image with `iso:`', {
      hint: 'Give it `archive:` in place of `iso:`, or set `install: auto`.',
    });
  if (image.install === 'vm') return 'vm';
  if (image.install === 'namespace') {
    const obstacle = onlyInVm(image) ?? (await obstacleOf(installer, signal));
    if (!obstacle) return 'namespace';
    throw new Fault('NAMESPACE_UNUSABLE', `install: namespace is not possible: ${obstacle.reason}`, {
      hint: obstacle.hint ?? 'Set `install: vm`.',
    });
  }
  if (onlyInVm(image) || image.vm.accelerator !== 'auto') return 'vm';
  const kvm = await kvmHere(signal);
  if (kvm.usable) return 'vm';
  const obstacle = await obstacleOf(installer, signal);
  emit({
    type: 'notice',
    level: 'info',
    message: obstacle
      ? `Installing in an emulated VM: neither KVM (${kvm.reason}) nor namespaces (${obstacle.reason}) work here`
      : `Installing in namespaces instead of a VM: KVM does not work here (${kvm.reason})`,
    ...(obstacle?.hint && { hint: obstacle.hint }),
  });
  return obstacle ? 'vm' : 'namespace';
}

interface Obstacle {
  reason: string;
  hint?: string;
}

/** The flags can say what the rules of the file do not see. */
function onlyInVm({ pack, vm }: WayRequest['image']): Obstacle | undefined {
  if (pack === 'packer-maas')
    return {
      reason: 'pack: packer-maas reads the disk of a VM',
      hint: 'Set `pack: guest`, or `install: vm`.',
    };
  if (vm.boot === 'typed')
    return { reason: 'boot: typed needs a VM', hint: 'Set `boot: direct`, or `install: vm`.' };
  return undefined;
}

async function obstacleOf(
  installer: IsoFacts['installer'],
  signal?: AbortSignal,
): Promise<Obstacle | undefined> {
  if (installer !== 'live-curtin')
    return { reason: 'the installer of this medium is not live-boot with curtin' };
  const { usable, reason, hint } = await namespaceVerdict(signal);
  return usable ? undefined : { reason, ...(hint && { hint }) };
}
