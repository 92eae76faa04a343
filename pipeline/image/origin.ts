/** What an artifact was made of, as far as its manifest and its provenance say it. */
export interface Origin {
  iso: { medium: { sha256: string /** Bytes. */; size: number }; facts: { volumeId: string } };
  rendered: {
    accelerator: string;
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
    boot: string;
  };
}

export interface FileDigest {
  path: string;
  sha256: string;
}
