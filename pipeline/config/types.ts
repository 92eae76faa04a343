/** The resolved configuration: every default filled in, every path absolute, every placeholder still unexpanded. */
export interface Config {
  /** Absolute path of the file read, or null when defaults and the environment were enough. */
  file: string | null;
  /** Where stages keep their work and their outputs. */
  workspace: string;
  /** Where downloaded ISOs are kept, shared by workspaces ($XDG_CACHE_HOME/dgxos-maas). */
  cache: string;
  /** The packer-maas checkout (by default packer/packer-maas beside the file, else the one of our clone). */
  packerMaas: string;
  /** File of the checks that this site accepts as failed; null: none. */
  waivers: string | null;
  /** Absolute path of the Ed25519 key (PEM) that signs images, or null: images are not signed. */
  sign: { keyFile: string | null };
  /** Absolute path of the public key (PEM) that `verify` checks signatures with, or null. */
  verify: { publicKey: string | null };
  images: Record<string, ImageConfig>;
  targets: Record<string, TargetConfig>;
  machines: MachinesConfig;
  /** What holds for images that say nothing of their own. */
  acceptance: AcceptanceConfig;
  retention: RetentionConfig;
  nightly: NightlyConfig;
}

/** Which uploads `prune` and `nightly` let stay. */
export interface RetentionConfig {
  /** Complete uploads of each image, the newest first. */
  keep: number;
  /** Days for which every upload stays. */
  days: number;
  /** Days after a deployment for which an image stays. */
  deployedDays: number;
}

export interface NightlyConfig {
  /** The channel of good images. */
  channel: string;
  /** Images built side by side; null: as many as the host carries. */
  jobs: number | null;
  /** Age at which a finished build is built anew, for packages that came since: `7d`, or `never`; see parseAge. */
  rebuildAfter: string;
}

/** How images are tried on a machine. */
export interface AcceptanceConfig {
  /** Names or patterns of machines that may be used; with `tags` those that have all of them. */
  machines: string[];
  tags: string[];
  /** Absolute path of a checks file; null: all sets that come with the program. */
  checksFile: string | null;
  /** Seconds to wait for one of these machines to be free. */
  waitS: number;
  ssh: {
    user: string;
    port: number;
    /** Absolute path of the private key; null: the agent's keys and the user's default ones. */
    keyFile: string | null;
    /** [user@]host[:port] */
    bastion: string | null;
    /** Seconds from Deployed until the machine must have answered. */
    timeoutS: number;
  };
}

export interface MachinesConfig {
  /** Machines worked on at once. */
  concurrency: number;
  /** Seconds that a machine may be in a state before it is given up. */
  timeouts: StateTimeouts;
}

export interface StateTimeouts {
  commissioning: number;
  testing: number;
  deploying: number;
  releasing: number;
  erasing: number;
  rescue: number;
  /** Any other state that is not the one waited for. */
  other: number;
}

export interface ImageConfig {
  name: string;
  /** A key of the catalogue in templates/releases: dgxos5, demo, … */
  release: string;
  /** A platform that the ISO holds: dgx1, dgx2, dgx_a100, … */
  platform: string;
  /** The version a human gives the image ("5.0"); placeholder {version}. */
  version: string;
  iso: { source: string; sha256: string };
  vm: VmConfig;
  /** Added to what the release installs. */
  packages: string[];
  /** Curtin late commands of the user's own, run in order after ours, keyed as in curtin ("50_name": argv or shell line). */
  lateCommands: Record<string, string | string[]>;
  /** Files copied into the image. */
  files: FileToAdd[];
  /** How the root leaves the VM: handed over by the guest, or by packer-maas' own scripts (root, nbd). */
  pack: 'guest' | 'packer-maas';
  /** Place on the size/time curve. */
  compression: 'fast' | 'normal' | 'small';
  /** Of the gzip, many by default; `single` for readers that stop after the first. */
  gzipMembers?: 'many' | 'single';
  resource: ResourceConfig;
  /** Names of targets to upload to. */
  upload: string[];
  acceptance: AcceptanceConfig;
}

export interface VmConfig {
  /** Bytes; null: what the release (or the submodule) says. */
  diskBytes: number | null;
  /** MiB; null: what the release says. */
  memoryMiB: number | null;
  cpus: number | null;
  accelerator: 'auto' | 'kvm' | 'tcg';
  headless: boolean;
  boot: 'direct' | 'typed';
  /** Seconds from power-on to ssh; null: the release's, multiplied under TCG. */
  installTimeoutS: number | null;
}

export interface FileToAdd {
  /** Absolute path on this host. */
  source: string;
  /** Absolute path in the image. */
  path: string;
  /** Octal, such as "0644". */
  mode: string;
  /** user:group by number or by name in the image. */
  owner: string;
}

/** The boot resource's fields; placeholders {release} {platform} {version} {date} {digest}. */
export interface ResourceConfig {
  name: string;
  title: string;
  architecture: string;
  baseImage: string;
}

export interface TargetConfig {
  name: string;
  /** Ends in /MAAS, normalised. */
  url: string;
  /** Where the key comes from; the key itself is never part of a Config. */
  key:
    | { from: 'environment'; variable: string }
    | { from: 'file'; path: string }
    | { from: 'profile'; profile: string };
  /** PEM file of the authority that signed the server's certificate. */
  caCert: string | null;
  /** Seconds of trying before an upload is given up. */
  patienceS: number;
}

/** Where a value came from, for `config show --origin`. */
export type Origin =
  | { from: 'flag'; name: string }
  | { from: 'environment'; name: string }
  | { from: 'file'; file: string; line: number }
  | { from: 'default' };

/** One release of the catalogue: templates/releases/<id>.yaml, validated by its own schema. */
export interface Release {
  id: string;
  title: string;
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
  /** Keystrokes around the typed parameters, Packer's syntax. */
  typed: { before: string; after: string; bootWaitS: number; keyIntervalMs: number };
  vm: { diskBytes: number; memoryMiB: number; cpus: number; installTimeoutS: number };
  /** Seconds from power-on by which the installer must have fetched its configuration; twice that under TCG. */
  fetchWithinS: number;
  /** Under TCG time-outs grow by this factor. */
  tcgFactor: number;
  /** The profile of checks that `validate` uses. */
  profile: string;
  baseImage: string;
  architecture: string;
  ubuntu: { version: string; codename: string };
  platforms: Record<string, { title: string }>;
  /** True: an ISO may hold more platforms than are listed; the ISO decides. */
  openPlatforms: boolean;
  /** Known ISOs: hints for `init` and for messages, never a trust anchor. */
  knownIsos: { file: string; sha256: string }[];
  /** Values filled in where an image says nothing. */
  defaults: { resourceName: string; title: string };
  /** Which hook is put at /curtin/curtin-hooks, a file of templates/hooks, or none. */
  hook: string | null;
}
