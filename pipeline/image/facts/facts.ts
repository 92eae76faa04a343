import type { LostOptions } from '../parsers/grub-options.ts';
import type { AccessFacts } from './collect/access.ts';
import type { AptFacts } from './collect/apt.ts';
import type { AttributeFacts } from './collect/attributes.ts';
import type { CloudFacts } from './collect/cloud.ts';
import type { DriverFacts } from './collect/driver.ts';
import type { GrubFacts } from './collect/grub.ts';
import type { HookFacts } from './collect/hooks.ts';
import type { InitrdFacts } from './collect/initrd.ts';
import type { FoundState } from './collect/machine-state.ts';
import type { AddedModule } from './collect/modules.ts';
import type { NetworkFacts } from './collect/network.ts';
import type { ProxyFact } from './collect/proxies.ts';
import type { StorageFacts } from './collect/storage.ts';

/** Problems of the archive itself, whatever it contains. */
export type ProblemKind =
  | 'not-tar'
  | 'empty'
  | 'broken-header'
  | 'ambiguous'
  | 'truncated'
  | 'no-end'
  | 'trailing-data'
  | 'too-many'
  | 'too-large'
  | 'too-much-kept'
  | 'volume'
  | 'second-archive'
  | 'bad-name'
  | 'bad-link'
  | 'below-file'
  | 'absolute'
  | 'escape'
  | 'bad-hard-link'
  | 'below-symlink'
  | 'duplicate'
  | 'link-loop'
  | 'unknown-type';

export interface Problem {
  kind: ProblemKind;
  count: number;
  /** At most five, as text for people. */
  examples: string[];
}

/** A list that may be long in a bad image: all counted, the first few kept. */
export interface Sample {
  count: number;
  examples: string[];
}

export interface Package {
  name: string;
  version: string;
  arch: string;
  /** dpkg's two letters: wanted and state, such as "ii", "hi", "rc", "iU"; a third letter R: reinstallation required. */
  status: string;
}

export interface Kernel {
  version: string;
  /** Path of vmlinuz or vmlinux below /boot. */
  image: string | null;
  initrd: string | null;
  /** Whether /lib/modules/VERSION exists, has kernel modules' index, and an nvidia.ko. */
  modules: boolean;
  /** Modules there (*.ko, compressed or not). */
  moduleFiles: number;
  modulesDep: boolean;
  nvidia: boolean;
}

export interface Account {
  name: string;
  uid: number;
  shell: string;
  /** Never the hash: locked (`!`, `*`), none (no password asked), or the scheme of a usable hash. */
  password: 'locked' | 'none' | 'usable' | 'missing';
  scheme: string | null;
}

/** A line of a configuration file that matters. */
export interface ConfigLine {
  file: string;
  line: number;
  text: string;
}

/** Everything read from one image; plain data, safe to write as JSON: no secret, hash or key of the image is in it. */
export interface ImageFacts {
  archive: {
    /** Members, and bytes of tar read. */
    members: number;
    tarBytes: number;
    /** False when reading ended before the archive did: absence then proves nothing. */
    whole: boolean;
    problems: Problem[];
  };
  counts: {
    files: number;
    directories: number;
    symlinks: number;
    hardLinks: number;
    sparse: number;
    devices: number;
    fifos: number;
    other: number;
  };
  /** Bytes: as files are long, and as stored in the archive (holes left out). */
  bytes: { apparent: number; stored: number };
  biggest: { path: string; bytes: number }[];
  /** Three levels deep, the biggest first; a file counts to one of them. */
  directories: { path: string; bytes: number; files: number }[];
  /** Names at the top level, at most 64. */
  top: string[];
  /** The prefix of an /etc/os-release that is not at the top level. */
  nestedRoot: string | null;
  osRelease: { id: string; versionId: string; codename: string; name: string } | null;
  packages: Package[];
  /** The processor that the shell or the first process is for, by its ELF header, as dpkg spells it; null where none was found. */
  programs: { path: string; architecture: string } | null;
  /** Licences that packages declare in a machine-readable copyright file, by package; how many of those files are free text. */
  licences: { packages: Record<string, string[]>; freeText: number };
  kernels: Kernel[];
  boot: {
    members: number;
    /** Kernel version that GRUB will start once update-grub ran, and by what. */
    defaultKernel: { version: string; from: string } | null;
    grub: GrubFacts;
    /** Values of debconf's grub questions that name a disk. */
    grubDevices: { question: string; value: string }[];
    /** Settings that keep MAAS' kernel options from GRUB's menu. */
    lostOptions: LostOptions[];
    /** Diversions that curtin left (*.curtin-disabled), and those of nv-eula. */
    curtinDisabled: Sample;
    eulaDiversions: string[];
  };
  /** Kernel modules that no kernel package brings, and NVIDIA's. */
  modules: {
    signed: number;
    unsigned: { module: string; kernel: string }[];
    /** Compressed in a way that is not looked into, or damaged. */
    unread: { module: string; kernel: string }[];
    /** NVIDIA's and mlx5_core, and every one that was built for another kernel. */
    added: AddedModule[];
  };
  driver: DriverFacts;
  /** Packages that curtin 24 and newer reconfigures as kernels: in state ii, and providing exactly `linux-image`. */
  kernelPackages: string[];
  owners: {
    /** System paths not owned by root, or without the bits they need. */
    wrong: { path: string; uid: number; gid: number; mode: string; want: string }[];
    /** Members of /etc, /usr and /boot owned by an ordinary user (uid of 1000 and more). */
    foreign: Sample;
    /** Privileged programs found: sudo, su, mount, umount. */
    privileged: string[];
    setuid: { path: string; mode: string; uid: number; gid: number }[];
  };
  xattrs: AttributeFacts;
  /** /dev /proc /sys /run /tmp. */
  /** Members of the ESP that vfat cannot hold. */
  esp: Sample;
  mountPoints: Record<string, { exists: boolean; members: Sample }>;
  devices: Sample;
  commands: Record<string, boolean>;
  snapCore: string[];
  hook: HookFacts | null;
  /** /curtin/finalize, which curtin runs after the hook. */
  finalize: HookFacts | null;
  customKernel: string | null;
  initrd: InitrdFacts;
  identity: {
    /** absent, empty, uninitialized, set, or a link and where to. */
    machineId: string;
    dbusMachineId: string;
    sshHostKeys: string[];
    hostname: string | null;
    iscsiInitiator: string | null;
    /** State of one machine, by the table of machine-state-table.ts. */
    state: FoundState[];
    resolvConf: string;
  };
  accounts: Account[];
  access: AccessFacts;
  apt: AptFacts;
  /** Proxies and mirrors of programs other than apt, at most 200. */
  proxies: ProxyFact[];
  storage: StorageFacts;
  cloud: CloudFacts;
  network: NetworkFacts;
  dgx: { release: Record<string, string> | null; tokens: (ConfigLine & { token: string })[] };
  oemConfig: string[];
  leftovers: { logs: Sample; secrets: Sample; caches: Sample; cacheBytes: number };
  /** Units enabled in /etc/systemd/system, as unit names. */
  services: string[];
  /** Files that a check depends on and that could not be read, with the reason. */
  unread: { path: string; why: string }[];
}
