/** Something that belongs to one machine, and where it lies. */
export interface MachineState {
  /** The description, in words. */
  what: string;
  /** Its files; an empty one does not count. */
  path: RegExp;
  weight: 'major' | 'warning';
  /** The consequence when two machines have the same. */
  why: string;
  /** The source for its not belonging into an image. */
  source: string;
}

export const SYSTEMD = 'systemd, Building Images Safely';
export const SYSPREP = 'virt-sysprep --list-operations';
export const IMAGES = 'the cleaning of Canonical’s own images (livecd-rootfs)';
export const CLEAN = 'cloud-init clean --machine-id --seed --configs all';
export const PRO = 'Ubuntu Pro, "Create a golden image"';

export const TWINS = 'two machines count as one';
export const KEY = 'everyone with the image has the private key of every machine';
export const TOKEN = 'every machine acts under one registration, and the image holds its secret';

export const row = (
  weight: MachineState['weight'],
  what: string,
  path: RegExp,
  why: string,
  source: string,
): MachineState => ({ what, path, weight, why, source });
