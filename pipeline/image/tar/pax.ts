/** Records that GNU tar reads as C strings: a NUL would end them there. */
const STRINGS = new Set(['path', 'linkpath', 'GNU.sparse.name', 'GNU.sparse.map', 'uname', 'gname']);
const NUMBERS = new Map([
  // No file belongs to the last one: for chown(2) it means "leave it".
  ['uid', 2 ** 32 - 2],
  ['gid', 2 ** 32 - 2],
  ['size', Number.MAX_SAFE_INTEGER],
  ['GNU.sparse.size', Number.MAX_SAFE_INTEGER],
  ['GNU.sparse.realsize', Number.MAX_SAFE_INTEGER],
  ['GNU.sparse.numblocks', 2 ** 24],
  ['GNU.sparse.major', 99],
  ['GNU.sparse.minor', 99],
  ['GNU.sparse.offset', Number.MAX_SAFE_INTEGER],
  ['GNU.sparse.numbytes', Number.MAX_SAFE_INTEGER],
]);
const TIMES = new Set(['atime', 'ctime', 'mtime']);

/**
 * The records of a PAX header, values as raw bytes: an extended attribute is not text.
 * @returns null when the records do not add up, or when one that tar reads has a value that it calls malformed
 */
export function parsePax(body: Buffer): Map<string, Buffer> | null {
  const records = new Map<string, Buffer>();
  // PAX sparse 0.0 repeats its keys; their sequence is what counts.
  const map: Buffer[] = [];
  let at = 0;
  while (at < body.length) {
    // Some writers pad the header's last block into its size; tar stops at the first NUL.
    if (body[at] === 0) break;
    const blank = body.indexOf(0x20, at);
    if (blank === -1) return null;
    const digits = body.toString('latin1', at, blank);
    if (!/^[1-9][0-9]*$/.test(digits)) return null;
    const end = at + Number(digits);
    if (end > body.length || body[end - 1] !== 0x0a) return null;
    const equals = body.indexOf(0x3d, blank + 1);
    if (equals === -1 || equals >= end) return null;
    const key = body.toString('latin1', blank + 1, equals);
    const value = body.subarray(equals + 1, end - 1);
    if (/[\0 \t]/.test(key[0] ?? '') || key.includes('\0') || !wellFormed(key, value)) return null;
    if (key.startsWith('GNU.sparse.') && !inOrder(key, records, map.length)) return null;
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') map.push(value, COMMA);
    else records.set(key, value);
    at = end;
  }
  if (map.length % 4 !== 0) return null;
  if (map.length > 0) records.set('GNU.sparse.map', Buffer.concat(map.slice(0, -1)));
  return records;
}

const COMMA = Buffer.from(',');

/** tar makes room for the map when it reads how long it is, and takes offset and length in turns; no other record of it comes twice. */
function inOrder(key: string, records: ReadonlyMap<string, Buffer>, mapParts: number): boolean {
  const counted = records.has('GNU.sparse.numblocks');
  if (key === 'GNU.sparse.offset') return counted && mapParts % 4 === 0 && !records.has('GNU.sparse.map');
  if (key === 'GNU.sparse.numbytes') return mapParts % 4 === 2;
  if (key === 'GNU.sparse.map') return counted && mapParts === 0 && !records.has(key);
  return !records.has(key);
}

function wellFormed(key: string, value: Buffer): boolean {
  if (STRINGS.has(key)) return !value.includes(0);
  const most = NUMBERS.get(key);
  if (most !== undefined) {
    const number = decimal(value);
    return number !== null && number <= most;
  }
  return !TIMES.has(key) || (value.length <= 40 && /^-?\d{1,15}(?:\.\d*)?$/.test(value.toString('latin1')));
}

function decimal(value: Buffer): number | null {
  if (value.length === 0 || value.length > 16) return null;
  const said = value.toString('latin1');
  return /^[0-9]+$/.test(said) && Number.isSafeInteger(Number(said)) ? Number(said) : null;
}

/** A decimal record; null when it is missing. */
export function paxNumber(records: ReadonlyMap<string, Buffer>, key: string): number | null {
  const value = records.get(key);
  return value === undefined ? null : decimal(value);
}
