import type { Architecture, Installer } from '../../config/types.ts';

/** The facts of an installation medium, found without mounting it. */
export interface IsoFacts {
  volumeId: string;
  installer: Installer['installer'];
  /** Paths inside the ISO, without a leading slash. */
  kernel: string;
  initrd: string;
  /** The live system that brings curtin; subiquity's own layers are the installer's affair. */
  squashfs: string | null;
  /** Bytes from the beginning of the ISO to that of the squashfs; null where it lies in pieces. */
  squashfsOffset: number | null;
  /** Platforms that the medium can install, from /curtin/<platform>-curtin.yaml of its squashfs; sorted. */
  platforms: string[];
  /** The root file system the installer unpacks, inside the squashfs. */
  rootTarball: string | null;
  /** Of the boot loaders on it, as Debian names it; null where none says it. */
  architecture: Architecture | null;
  /** Titles of the GRUB menu in their order: the typed boot command counts on them. */
  grubEntries: string[];
}

/** A verified medium on this host. */
export interface LocalIso {
  path: string;
  /** Bytes. */
  size: number;
  sha256: string;
}
