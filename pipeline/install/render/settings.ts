import type { VmConfig } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { Rendered, RenderImage, RenderRelease } from './types.ts';
import type { Upstream } from './upstream.ts';

type Settings = Rendered['settings'];

/** The VM as it will run, and where each value is from. */
export interface VmSettings {
  diskMiB: number;
  memoryMiB: number;
  cpus: number;
  /** The default; see `installTimeout`. */
  installTimeoutS: number;
  settings: Settings;
}

const MIB = 1024 ** 2;

/** The user's settings override upstream's, which override the release's. */
export function vmSettings(
  vm: RenderImage['vm'],
  release: Pick<RenderRelease, 'vm' | 'tcgFactor'>,
  upstream: Upstream | undefined,
  accelerator: 'kvm' | 'tcg',
): VmSettings {
  const settings: Settings = {};
  const pick = (name: string, ours: number | null, theirs: number | undefined, otherwise: number): number => {
    const [value, from] =
      ours !== null
        ? ([ours, 'config'] as const)
        : theirs !== undefined
          ? ([theirs, 'upstream'] as const)
          : ([otherwise, 'template'] as const);
    settings[name] = { value: String(value), from };
    return value;
  };
  const diskBytes = pick('diskBytes', vm.diskBytes, upstream?.diskBytes, release.vm.diskBytes);
  const memoryMiB = pick('memoryMiB', vm.memoryMiB, upstream?.memoryMiB, release.vm.memoryMiB);
  const cpus = pick('cpus', vm.cpus, upstream?.cpus, release.vm.cpus);
  const measured = pick('installTimeoutS', null, upstream?.installTimeoutS, release.vm.installTimeoutS);
  // It was measured with KVM.
  const installTimeoutS = accelerator === 'tcg' ? Math.ceil(measured * release.tcgFactor) : measured;
  settings.installTimeoutS = {
    value: String(installTimeoutS),
    from: settings.installTimeoutS?.from ?? 'template',
  };
  settings.accelerator = { value: accelerator, from: vm.accelerator === 'auto' ? 'template' : 'config' };
  return { diskMiB: Math.ceil(diskBytes / MIB), memoryMiB, cpus, installTimeoutS, settings };
}

/** The time limit of a build: the user's own, which is rendered nowhere and so rebuilds nothing, or the rendered default. */
export function installTimeout(
  own: VmConfig['installTimeoutS'],
  { installTimeoutS, settings }: Pick<Rendered, 'installTimeoutS' | 'settings'>,
): Pick<Rendered, 'installTimeoutS' | 'settings'> {
  if (own === null) return { installTimeoutS, settings };
  return {
    installTimeoutS: own,
    settings: { ...settings, installTimeoutS: { value: String(own), from: 'config' } },
  };
}

const UNITS: Record<string, number> = { b: 1, k: 1024, m: MIB, g: 1024 ** 3, t: 1024 ** 4 };

/** Bytes of a Packer disk size such as "9G"; a bare number counts MiB. Undefined when it is none. */
export function diskSize(text: string | number): number | undefined {
  const match = String(text)
    .trim()
    .match(/^(\d+)([bkmgt]?)$/i);
  return match ? Number(match[1]) * (UNITS[(match[2] || 'm').toLowerCase()] as number) : undefined;
}

/** Seconds of a Go duration such as "90m", "1h30m", "500ms"; undefined when it is none. */
export function goDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|h|m|s))+$/.test(text)) return undefined;
  const seconds: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g))
    sum += Number(amount) * (seconds[unit as string] as number);
  return sum;
}

/**
 * A word of the kernel's command line.
 * @throws Fault CONFIG_INVALID when it would not arrive as one word
 */
export function kernelWord(text: string, what: string): string {
  if (!/^[\x21-\x7e]+$/.test(text) || /["'<>]/.test(text))
    throw new Fault(
      'CONFIG_INVALID',
      `${what} cannot be used on a kernel command line: ${JSON.stringify(text)}`,
      {
        hint: 'Use printable ASCII without spaces, quotes and angle brackets.',
      },
    );
  return text;
}
