/** The inputs of an artifact, as its manifest and its provenance have them; as it was when the root was built. */
export interface Origin {
  /** The image's configuration as far as it decides the root, without secrets; see `publicParameters`. */
  parameters: Record<string, unknown>;
  /** Null for an image from archives. */
  iso: {
    /** As it may be shown: without user, password, query and folders. */
    source: string;
    medium: { sha256: string /** Bytes. */; size: number };
    facts: { volumeId: string };
  } | null;
  /** Null for an image from an ISO. */
  archive: ArchiveOrigin | null;
  /** The way in which the root left the installation. */
  pack: 'guest' | 'packer-maas';
  /** Null where the checkout was not used, or is not of git. */
  packerMaasCommit: string | null;
  rendered: {
    /** vm, namespace or archive. */
    way: string;
    /** kvm or tcg; null without a VM. */
    accelerator: string | null;
    /** The settings in force and where each is from. */
    settings: Record<string, { value: string; from: string }>;
    /** Templates and upstream files that were read, and the files that were written. */
    sources: FileDigest[];
    files: FileDigest[];
  };
  build: {
    buildId: string;
    /** ISO 8601, UTC. */
    startedAt: string;
    /** Versions by name of the tool. */
    tools: Record<string, string>;
    /** direct or typed; null without a VM. */
    boot: string | null;
  };
}

export interface FileDigest {
  path: string;
  sha256: string;
}

/** An image, as its artifact names it. */
export interface NamedImage {
  name: string;
  /** A key of the catalogue: dgxos5, … */
  release: string;
  platform: string;
  version: string;
  compression: 'fast' | 'normal' | 'small';
  members: 'many' | 'single';
}

/** The files that an installation from archives was made of. */
export interface ArchiveOrigin {
  root: PinnedFile & { verified: RootVerification };
  repository: PinnedFile;
  architecture: string;
  /** Sorted by name. */
  packages: TakenPackage[];
}

/** The ways by which a root was verified: one of them at least. */
export interface RootVerification {
  /** It has the sha256 of the configuration. */
  pinned: boolean;
  /** It has the sha256 of a signed list, by the fingerprint of the key, and the time of the signature (ISO 8601, UTC). */
  signature: { key: string; at: string } | null;
}

export interface PinnedFile {
  /** As it may be shown. */
  source: string;
  sha256: string;
  /** Bytes. */
  size: number;
}

/** A package that apt took from an archive. */
export interface TakenPackage {
  name: string;
  version: string;
  architecture: string;
  sha256: string;
  /** Its address at the archive, also where a mirror brought it. */
  source: string;
}
