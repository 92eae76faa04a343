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

/** Members of some bytes each: what no packer of ours makes of an image. */
const MOST_MEMBERS = 1_000_000;

/**
 * The members that a manifest lists for an artifact of so many bytes.
 * @returns in words, why the list cannot be one of that artifact
 */
export function parseMembers(list: unknown, size: number): Member[] | string {
  if (!Array.isArray(list)) return 'it is not a list';
  if (list.length > MOST_MEMBERS) return `it has ${list.length} entries`;
  const members: Member[] = [];
  let bytes = 0;
  for (const [i, line] of list.entries()) {
    const [, packed, tarBytes, sha256] = typeof line === 'string' ? (LINE.exec(line) ?? []) : [];
    if (!packed || !tarBytes || !sha256) return `entry ${i + 1} is not "BYTES TAR-BYTES SHA256"`;
    members.push({ bytes: Number(packed), tarBytes: Number(tarBytes), sha256 });
    bytes += Number(packed);
  }
  return bytes === size ? members : `its members have ${bytes} bytes, and the file has ${size}`;
}

const LINE = /^([1-9]\d{0,14}) (0|[1-9]\d{0,14}) ([0-9a-f]{64})$/;
