/** The image a machine was deployed with, as far as the sandbox has it. */
export interface GuestImage {
  /** File with the uploaded bytes; null for an image whose bytes are not here (Ubuntu itself). */
  blobPath: string | null;
  /** As the boot resource is called: "dgx-6.3" for an upload, "ubuntu/jammy" for a synced one. */
  resource: string;
  /** The format of the bytes, as MAAS stores it: root-tgz, root-txz, root-dd.gz, …; null without bytes. */
  filetype: string | null;
  /** Such as `ubuntu/jammy`; empty for a synced one. */
  baseImage?: string;
}

/** The part of an installation that begins, as MAAS logs them by curtin's events. */
export type InstallPart = 'LOADING_EPHEMERAL' | 'CONFIGURING_STORAGE' | 'INSTALLING_OS' | 'CONFIGURING_OS';

/** The reason for which curtin could not install. */
export interface InstallFailure {
  /** The event of curtin that failed. */
  event: string;
  /** The end of its log. */
  log: string;
}

/** The machine as far as its guest needs to know it. */
export interface GuestMachine {
  systemId: string;
  hostname: string;
  /** hostname and domain. */
  fqdn: string;
  /** arch/subarch */
  architecture: string;
  /** Of the boot interface. */
  mac: string;
  /** Counts deployments of this machine from 1: fresh host keys and machine-id with each. */
  deployment: number;
  /** cloud-init's user data, decoded; empty when none was given. */
  userData: string;
  /** OpenSSH public keys of the owner, as MAAS' metadata service hands them out. */
  sshKeys: string[];
  /** Its own on loopback. */
  address: string;
  /** All kernel parameters MAAS would give. */
  kernelOptions: string;
}

/** The ssh address of a running guest; MAAS gives clients the address, never the port. */
export interface GuestAddress {
  address: string;
  port: number;
}

/** The system of a deployed machine of the sandbox: it answers ssh. */
export interface Guests {
  /**
   * Installs the image on the machine's disks: the deployment takes as long, and its events are these. Guests without it are made when the
   * machine comes up.
   * @returns null when it has ended well
   */
  install?(
    machine: GuestMachine,
    image: GuestImage,
    begins: (part: InstallPart) => void,
  ): Promise<InstallFailure | null>;
  /** Called when a machine boots what is installed; it becomes Deployed when the promise is fulfilled. A rejection makes the deployment a failed one with its message. */
  start(machine: GuestMachine, image: GuestImage): Promise<GuestAddress>;
  /** Called at release, abort, deletion and power-off, and for every running guest when the sandbox closes. */
  stop(systemId: string): Promise<void>;
  /** Stops it and deletes its disks: at release and deletion. */
  wipe?(systemId: string): Promise<void>;
}
