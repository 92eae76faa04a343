import type { Architecture, Release, Subiquity } from '../../../config/types.ts';
import type { RenderImage } from '../types.ts';

/** The part of a release that subiquity installs that is rendered. */
export type RenderSubiquity = Pick<
  Subiquity,
  | 'installer'
  | 'configParameter'
  | 'mediumParameter'
  | 'kernelParameters'
  | 'platformNames'
  | 'repository'
  | 'debconf'
  | 'vm'
  | 'tcgFactor'
> &
  Pick<Release, 'hook'>;

/** Everything that decides what is rendered; nothing else may be read but templates. */
export interface SubiquityInput {
  image: RenderImage;
  release: RenderSubiquity;
  architecture: Architecture;
  /** The local medium, and the kernel and initrd taken from it; the paths are looked at and not written. */
  iso: { path: string; sha256: string; bytes: number };
  kernel: string | null;
  initrd: string | null;
  packerVersion: string;
  accelerator: 'kvm' | 'tcg';
  /** The folder to write to; emptied first. */
  dir: string;
}
