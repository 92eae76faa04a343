import type { Resolved } from './setting.ts';
import type { ACCEPTANCE } from './settings/acceptance.ts';
import type { IMAGE } from './settings/image.ts';
import type { MACHINES } from './settings/machines.ts';
import type { NIGHTLY } from './settings/nightly.ts';
import type { RETENTION } from './settings/retention.ts';
import type { SETTINGS } from './settings/table.ts';
import type { TARGET } from './settings/target.ts';

// What each field means is in its row of settings/.

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
export type RetentionConfig = Resolved<typeof RETENTION>;
export type NightlyConfig = Resolved<typeof NIGHTLY>;
export type VmConfig = ImageConfig['vm'];
export type FileToAdd = ImageConfig['files'][number];
/** The boot resource's fields; placeholders {release} {platform} {version} {date} {digest}. */
export type ResourceConfig = ImageConfig['resource'];

/** Where a value came from, for `config show --origin`. */
export type Origin =
  | { from: 'flag'; name: string }
  | { from: 'environment'; name: string }
  | { from: 'file'; file: string; line: number }
  | { from: 'default' };

/** How a release is installed from its ISO. */
export interface IsoRelease {
  /** Where VM settings and the curtin configuration come from: a directory of the submodule, or our own templates. */
  upstream: { from: 'packer-maas'; template: string; curtin: string } | { from: 'templates'; curtin: string };
  /** How the medium is recognised and what is on it. */
  medium: {
    installer: 'live-curtin' | 'subiquity';
    kernel: string;
    initrd: string;
    squashfs: string;
    /** Where in the squashfs the per-platform files are, with {platform} in it. */
    platformFile: string | null;
    volumeIds: string[];
  };
  /** Kernel parameter that carries the installer configuration's URL. */
  configParameter: string;
  /** Further kernel parameters; {platform} and {bootdisk} are expanded. */
  kernelParameters: string[];
  /** Parameters only of a direct boot (what the ISO's own GRUB entry has). */
  directParameters: string[];
  /** Those that only a machine can obey. */
  machineParameters: string[];
  /** Keystrokes around the typed parameters, Packer's syntax. */
  typed: { before: string; after: string; bootWaitS: number; keyIntervalMs: number };
  vm: { diskBytes: number; memoryMiB: number; cpus: number; installTimeoutS: number };
  /** Seconds from power-on by which the installer must have fetched its configuration; twice that under TCG. */
  fetchWithinS: number;
  /** Under TCG time-outs grow by this factor. */
  tcgFactor: number;
  /** Known ISOs: hints for `init` and for messages, never a trust anchor. */
  knownIsos: { file: string; sha256: string }[];
}

/** One release of the catalogue: templates/releases/<id>.yaml, validated by its own schema. */
export interface Release {
  id: string;
  title: string;
  /** How it is installed from its ISO; null where there is no ISO. */
  iso: IsoRelease | null;
  /** The profile of checks that `validate` uses. */
  profile: string;
  baseImage: string;
  architecture: string;
  ubuntu: { version: string; codename: string };
  platforms: Record<string, { title: string }>;
  /** True: an ISO may hold more platforms than are listed; the ISO decides. */
  openPlatforms: boolean;
  /** Values filled in where an image says nothing. */
  defaults: { resourceName: string; title: string };
  /** Which hook is put at /curtin/curtin-hooks, a file of templates/hooks, or none. */
  hook: string | null;
}
