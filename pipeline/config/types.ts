import type { Resolved } from './setting.ts';
import type { ACCEPTANCE } from './settings/acceptance.ts';
import type { IMAGE } from './settings/image.ts';
import type { MACHINES } from './settings/machines.ts';
import type { NIGHTLY } from './settings/nightly.ts';
import type { QUEUE } from './settings/queue.ts';
import type { REHEARSAL } from './settings/rehearsal.ts';
import type { RETENTION } from './settings/retention.ts';
import type { STORE } from './settings/store.ts';
import type { SETTINGS } from './settings/table.ts';
import type { TARGET } from './settings/target.ts';

// The meaning of each field is in its row of settings/.

/** The resolved configuration: every default filled in, every path absolute, every placeholder still unexpanded. */
export interface Config extends Resolved<typeof SETTINGS> {
  /** Absolute path of the file read, or null when defaults and the environment were enough. */
  file: string | null;
}

export interface ImageConfig extends Resolved<typeof IMAGE> {
  name: string;
}

export interface TargetConfig extends Resolved<typeof TARGET> {
  name: string;
}

export type AcceptanceConfig = Resolved<typeof ACCEPTANCE>;
export type MachinesConfig = Resolved<typeof MACHINES>;
/** Seconds that a machine may be in a state before it is given up. */
export type StateTimeouts = MachinesConfig['timeouts'];
export type RehearsalConfig = Resolved<typeof REHEARSAL>;
export type RetentionConfig = Resolved<typeof RETENTION>;
export type StoreConfig = Resolved<typeof STORE>;
export type QueueConfig = Resolved<typeof QUEUE>;
export type NightlyConfig = Resolved<typeof NIGHTLY>;
export type VmConfig = ImageConfig['vm'];
export type FileToAdd = ImageConfig['files'][number];
/** The boot resource's fields; placeholders {release} {platform} {version} {architecture} {date} {digest}. */
export type ResourceConfig = ImageConfig['resource'];

/** The origin of a value, for `config show --origin`. */
export type Origin =
  | { from: 'flag'; name: string }
  | { from: 'environment'; name: string }
  | { from: 'file'; file: string; line: number }
  | { from: 'default' };

/** Facts that are needed of every installer. */
interface InstallerFacts {
  /** Kernel parameter that carries the URL of the installer's configuration. */
  configParameter: string;
  /** Further kernel parameters; {platform} and {bootdisk} are expanded. */
  kernelParameters: string[];
  vm: { diskBytes: number; memoryMiB: number; cpus: number; installTimeoutS: number };
  /** Seconds from power-on by which the installer must have fetched its configuration; twice that under TCG. */
  fetchWithinS: number;
  /** Under TCG time-outs grow by this factor. */
  tcgFactor: number;
}

/** An installation by a medium whose live system brings curtin. */
export interface LiveCurtin extends InstallerFacts {
  installer: 'live-curtin';
  /** The source of VM settings and of the curtin configuration: a directory of the submodule, or our own templates. */
  upstream: { from: 'packer-maas'; template: string; curtin: string } | { from: 'templates'; curtin: string };
  /** The signs by which the medium is recognised, and its contents. */
  medium: {
    kernel: string;
    initrd: string;
    squashfs: string;
    /** The folder of the per-platform files in the squashfs, with {platform} in it. */
    platformFile: string | null;
    volumeIds: string[];
  };
  /** Parameters only of a direct boot (what the ISO's own GRUB entry has). */
  directParameters: string[];
  /** Those that only a machine can obey. */
  machineParameters: string[];
  /** Keystrokes around the typed parameters, Packer's syntax. */
  typed: { before: string; after: string; bootWaitS: number; keyIntervalMs: number };
}

/** An installation by a medium with subiquity, answered by a file of ours; by UEFI only. */
export interface Subiquity extends InstallerFacts {
  installer: 'subiquity';
  medium: { kernel: string; initrd: string };
  /** Kernel parameter that carries the ISO's URL; the installer keeps the ISO in memory. */
  mediumParameter: string;
  /** The installer's name of a platform, where it has another one. */
  platformNames: Record<string, string>;
  /** The apt source of the medium's packages, while it is mounted at /tmp/cdrom of the target. */
  repository: string;
  /** Answers before packages are installed, as debconf-set-selections reads them. */
  debconf: string[];
}

export type Installer = LiveCurtin | Subiquity;

/** The installation of a release from its ISO: facts for each installer that its media may have. */
export interface IsoRelease {
  liveCurtin: LiveCurtin | null;
  subiquity: Subiquity | null;
  /** Known ISOs: hints for `init` and for messages, never a trust anchor. */
  knownIsos: { file: string; sha256: string }[];
}

/** The installation of a release without an ISO: a cloud image's root, the vendor's repository files, and packages. */
export interface ArchiveRelease {
  /** Whether an image must say `preview: true`. */
  preview: boolean;
  /** The addresses at which the two files are published, by architecture: hints for `init` and for messages. */
  sources: Partial<Record<Architecture, { root: string; repository: string }>>;
  /** Packages before all others, such as what pins the driver's branch. */
  first: string[];
  /** The kernel's package where a platform has none of its own. */
  kernel: string;
  /** Packages of the boot loaders; {architecture} is filled in. */
  boot: string[];
  /** Packages of every platform. */
  packages: string[];
  /** Packages, and units of systemd that are enabled where they are there, of the platforms that name the part. */
  parts: Record<string, { packages: string[]; services: string[] }>;
  /** Packages that are removed with their configuration. */
  purge: string[];
  platforms: Record<string, ArchivePlatform>;
}

/** The packages that a release installs on one platform. */
export interface ArchivePlatform {
  kernel: string;
  packages: string[];
  parts: string[];
}

/** As Debian and Ubuntu name it. */
export type Architecture = 'amd64' | 'arm64';

/** A system that an image can be made for: a row of templates/platforms.yaml. */
export interface Platform {
  title: string;
  /** Of its processor; null: any. */
  architecture: Architecture | null;
  /** GPUs of one machine; null: not known beforehand. */
  gpus: number | null;
  /** Whether it needs the fabric manager. */
  nvswitch: boolean;
  /** Whether its switches need the subnet manager nvlsm. */
  nvlink5: boolean;
  /** Whether GPUs of several machines share memory. */
  imex: boolean;
}

/** One release of the catalogue: templates/releases/<id>.yaml, validated by its own schema. */
export interface Release {
  id: string;
  title: string;
  /** Its installation from its ISO; null where there is no ISO. */
  iso: IsoRelease | null;
  /** Its installation without an ISO; null where it cannot be. */
  archive: ArchiveRelease | null;
  /** The address of the licence that an image must accept; null: none. */
  licence: string | null;
  /** The profile of checks that `validate` uses. */
  profile: string;
  baseImage: string;
  architecture: string;
  ubuntu: { version: string; codename: string };
  /** Those that are known, by name. */
  platforms: Record<string, Platform>;
  /** True: an ISO may hold more platforms than are listed; the ISO decides. */
  openPlatforms: boolean;
  /** Values filled in where an image says nothing. */
  defaults: { resourceName: string; title: string };
  /** The hook at /curtin/curtin-hooks: a file of templates/hooks, or none. */
  hook: string | null;
}
