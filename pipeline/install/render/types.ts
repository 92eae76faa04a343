import type { ImageConfig, LiveCurtin, Release } from '../../config/types.ts';
import type { LayerRule } from '../namespace/curtin.ts';

/** The way from a medium to a root: in a VM by Packer and QEMU, or in namespaces of this host. */
export type MediumWay = 'vm' | 'namespace';
/** The way to a root: from a medium, or in namespaces from archives. */
export type InstallWay = MediumWay | 'archive';

/** The part of an image that is rendered. */
export type RenderImage = Pick<
  ImageConfig,
  'name' | 'platform' | 'packages' | 'lateCommands' | 'files' | 'pack'
> & {
  /** Without what a build is given as variables: neither decides what is installed. */
  vm: Omit<ImageConfig['vm'], 'installTimeoutS' | 'headless'>;
};

/** The part of its release that is rendered. */
export type RenderRelease = Pick<
  LiveCurtin,
  | 'upstream'
  | 'configParameter'
  | 'kernelParameters'
  | 'directParameters'
  | 'machineParameters'
  | 'typed'
  | 'vm'
  | 'tcgFactor'
> &
  Pick<Release, 'hook'>;

/** Everything that decides what is rendered; nothing else may be read but templates and the submodule. */
export interface RenderInput {
  image: RenderImage;
  release: RenderRelease;
  way: InstallWay;
  /** The live system's squashfs: its path on the medium, and where it begins there; null where it lies in pieces. */
  squashfs: { path: string; offset: number | null };
  /** The local medium, and the kernel and initrd taken from it, whose paths are looked at and not written; see `mediumVariables`. */
  iso: { path: string; sha256: string };
  kernel: string | null;
  initrd: string | null;
  /** Version of the Packer at hand, such as "1.6.6"; null, as the accelerator, without a VM. */
  packerVersion: string | null;
  accelerator: 'kvm' | 'tcg' | null;
  /** The packer-maas checkout. */
  packerMaas: string;
  /** Pace of the typed boot command; null: the release's own. A slower one is rendered after a mistyped command. */
  pace: { bootWaitS: number; keyIntervalMs: number } | null;
  /** The folder to write to; emptied first. */
  dir: string;
}

/** The files in `dir` after rendering. */
export interface Rendered {
  /** Directory given to `packer build`: *.pkr.hcl. */
  packerDir: string;
  /** Directory served by Packer's HTTP server: curtin.yaml (with the token CREDENTIAL_TOKEN in it). */
  httpDir: string;
  /** Seconds until ssh must be there where the user gives no limit, the accelerator taken into account. */
  installTimeoutS: number;
  /** Whether the root after the medium's own steps may be kept for other builds; null in a VM. */
  layer: LayerRule | null;
  /** Every file written, relative to dir, with its sha256; sorted. */
  files: { path: string; sha256: string }[];
  /** The settings in force and where each is from, for `render` to show and for the fingerprint. */
  settings: Record<string, { value: string; from: 'upstream' | 'template' | 'config' }>;
}

/**
 * Stands in the rendered curtin.yaml where the build puts the crypt(3) hash of the run's random password:
 * rendered files stay the same from run to run and hold no credential.
 */
export const CREDENTIAL_TOKEN = '@@BUILD_PASSWORD_HASH@@';

/** Output names fixed between the template and the build stage: Packer's VM name, hence its disks' names. */
export const VM_NAME = 'packer-qemu';
