/** RFC 1952: the magic number, and deflate, the one method there is. */
const MAGIC = Buffer.from('1f8b08', 'hex');
/** Bytes of a header without its optional fields. */
const FIXED = 10;

/**
 * The place at or after `from` where a gzip member may begin; -1: none. The bytes of compressed data may look like a header too: only
 * whoever inflates what comes before knows that a member ends there.
 */
export function findMember(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(MAGIC, from); at !== -1; at = bytes.indexOf(MAGIC, at + 1))
    if (isPlausible(bytes, at)) return at;
  return -1;
}

/** The fields as every compressor writes them: no reserved flag, a known system, a level that RFC 1952 names, and data before it. */
function isPlausible(bytes: Buffer, at: number): boolean {
  if (at + FIXED >= bytes.length) return false;
  const [flags, extra, system] = [bytes[at + 3]!, bytes[at + 8]!, bytes[at + 9]!];
  if (flags > 0x1f || (extra !== 0 && extra !== 2 && extra !== 4) || (system > 13 && system !== 255))
    return false;
  // There is no fourth kind of deflate block.
  if (flags === 0 && (bytes[at + FIXED]! & 6) === 6) return false;
  // The length of the member before: a file in the archive that is a gzip itself stands behind the zeros of its tar header.
  return at < 4 || bytes.readUInt32LE(at - 4) !== 0;
}
