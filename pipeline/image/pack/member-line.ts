/** A gzip member of an artifact and the bytes of the tar inside; an artifact is its members in order. */
export interface Member {
  /** Of the artifact. */
  bytes: number;
  tarBytes: number;
  /** Of the bytes of the tar, in hex. */
  sha256: string;
}

/** A member as the manifest lists it: a line in place of an object keeps a manifest of hundreds of them readable. */
export function memberLine({ bytes, tarBytes, sha256 }: Member): string {
  return `${bytes} ${tarBytes} ${sha256}`;
}
