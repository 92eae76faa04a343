/**
 * The records of a PAX header, values as raw bytes: an extended attribute is not text.
 * @returns null when the records do not add up
 */
export function parsePax(body: Buffer): Map<string, Buffer> | null {
  const records = new Map<string, Buffer>();
  let at = 0;
  while (at < body.length) {
    // Some writers pad the header's last block into its size.
    if (body[at] === 0) return body.subarray(at).every((byte) => byte === 0) ? records : null;
    const blank = body.indexOf(0x20, at);
    if (blank < 0 || blank - at > 10) return null;
    const digits = body.toString('latin1', at, blank);
    if (!/^[1-9][0-9]*$/.test(digits)) return null;
    const end = at + Number(digits);
    if (end > body.length || end <= blank + 1 || body[end - 1] !== 0x0a) return null;
    const equals = body.indexOf(0x3d, blank + 1);
    if (equals < 0 || equals >= end) return null;
    const key = body.toString('utf8', blank + 1, equals);
    const value = body.subarray(equals + 1, end - 1);
    // PAX sparse 0.0 repeats its keys; their sequence is what counts.
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
      const so_far = records.get('GNU.sparse.map');
      records.set('GNU.sparse.map', so_far ? Buffer.concat([so_far, COMMA, value]) : value);
    } else records.set(key, value);
    at = end;
  }
  return records;
}

const COMMA = Buffer.from(',');

/** A decimal record; null when it is missing or is not a plain non-negative number. */
export function paxNumber(records: ReadonlyMap<string, Buffer>, key: string): number | null {
  const value = records.get(key)?.toString('latin1');
  if (value === undefined || !/^[0-9]{1,16}$/.test(value)) return null;
  return Number(value);
}
