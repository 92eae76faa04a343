import type { Member, MemberType } from '../facts/collector.ts';
import type { ProblemKind } from '../facts/facts.ts';
import type { Extension } from './extended.ts';
import { type Format, formatOfHeader, number, text } from './header.ts';
import { paxNumber } from './pax.ts';
import { gnuSegments, paxSparse, type Sparse } from './sparse.ts';

/** Why nothing more can be read: what follows, or what tar makes of this member, is not sure, or tar ends with an error. */
export interface TarDefect {
  kind: ProblemKind;
  text: string;
}

/** A header as GNU tar 1.34 extracts it. */
export interface ParsedHeader {
  /** As written, byte for byte (latin1); the member's `path` is made of it by whoever knows the image. */
  name: string;
  /** Null for what is not a file: a volume's label. */
  member: Member | null;
  /** Bytes in the archive behind the header. */
  body: number;
  sparse: Sparse | null;
  /** Whether blocks with more of GNU's own map come before the body. */
  moreMap: boolean;
  /** A type that tar does not know and extracts as a plain file, with a warning. */
  unknownType: string | null;
  /** A directory with a list of its names, as incremental archives have them. */
  dumped: boolean;
}

/** The types that tar knows, as it extracts them; it takes any other for a file. */
const TYPES = new Map<string, MemberType>([
  ['0', 'file'],
  ['\0', 'file'],
  ['7', 'file'],
  ['1', 'hard-link'],
  ['2', 'symlink'],
  ['3', 'character-device'],
  ['4', 'block-device'],
  ['5', 'directory'],
  ['6', 'fifo'],
  // An incremental archive's directory, with a list of names as its body.
  ['D', 'directory'],
  ['S', 'file'],
]);

const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

/** The longest name of an extended attribute that a kernel accepts; tar warns and continues without it. */
const LONGEST_XATTR = 255;

const defect = (kind: ProblemKind, text: string): TarDefect => ({ kind, text });

/** The member of a header with a good checksum. @returns a refusal where tar would end with an error or readers differ */
export function readMember(block: Buffer, extension: Extension, place: number): ParsedHeader | TarDefect {
  const { pax } = extension;
  const format = formatOfHeader(block);
  const typeflag = String.fromCharCode(block[156]!);
  const ids = numbers(block, format, typeflag);
  if (ids === null)
    return defect('broken-header', `the header at byte ${place} is damaged: a field is not a number`);
  if (typeflag === 'M')
    return defect('volume', `the member at byte ${place} begins on another volume: tar cannot extract it`);

  const written = pax.get('GNU.sparse.name') ?? pax.get('path');
  const name = written?.toString('latin1') ?? extension.name ?? headerName(block, format);
  const stored = paxNumber(pax, 'size') ?? (typeflag === '1' ? 0 : ids.size);
  const slash = name.endsWith('/');
  const holes = sparseOf(block, extension, format, typeflag);
  if (holes === 'damaged' || (holes !== null && slash))
    return defect('broken-header', `the sparse file at byte ${place} has a damaged map`);

  let type = TYPES.get(typeflag) ?? 'file';
  // Old tars write a directory as a file whose name ends in a slash.
  if (slash && '0\x007'.includes(typeflag)) type = 'directory';
  if (stored > 0 && type !== 'file' && !(typeflag === '5' || typeflag === 'D'))
    return defect(
      'ambiguous',
      `the member at byte ${place} is of a type without content and has ${stored} bytes: tar lists and extracts what follows in two ways`,
    );
  // The size of a directory is a quota: no bytes follow.
  const body = typeflag === '5' ? 0 : stored;
  const sparse = holes?.sparse ?? null;
  const file = type === 'file';
  const linked = type === 'symlink' || type === 'hard-link';
  const member: Member = {
    path: '',
    type,
    mode: ids.mode,
    uid: paxNumber(pax, 'uid') ?? ids.uid,
    gid: paxNumber(pax, 'gid') ?? ids.gid,
    size: file ? (sparse?.size ?? stored) : 0,
    stored: file ? stored : 0,
    sparse: sparse !== null,
    link: linked
      ? (pax.get('linkpath')?.toString('latin1') ?? extension.link ?? text(block, 157, 100))
      : null,
    ...attributes(pax),
  };
  return {
    name,
    member: typeflag === 'V' ? null : member,
    body,
    sparse,
    moreMap: holes?.more ?? false,
    unknownType: TYPES.has(typeflag) || typeflag === 'V' ? null : typeflag,
    dumped: typeflag === 'D' || pax.has('GNU.dumpdir'),
  };
}

/** Every number that tar reads of a header; null when it would call one of them an error. */
function numbers(
  block: Buffer,
  format: Format,
  typeflag: string,
): { mode: number; uid: number; gid: number; size: number } | null {
  const mode = number(block, 100, 8);
  const uid = number(block, 108, 8);
  const gid = number(block, 116, 8);
  const size = typeflag === '1' ? 0 : number(block, 124, 12);
  if (mode === null || uid === null || gid === null || size === null) return null;
  // The highest means "leave it" to chown(2).
  if (uid > 2 ** 32 - 2 || gid > 2 ** 32 - 2) return null;
  if (number(block, 136, 12, { signed: true }) === null) return null;
  if (format === 'star' && (number(block, 476, 12) === null || number(block, 488, 12) === null)) return null;
  if (format !== 'v7' && (typeflag === '3' || typeflag === '4')) {
    const [major, minor] = [number(block, 329, 8), number(block, 337, 8)];
    // Linux has 12 and 20 bits for them.
    if (major === null || minor === null || major >= 2 ** 12 || minor >= 2 ** 20) return null;
  }
  return { mode: mode % 2 ** 12, uid, gid, size };
}

function headerName(block: Buffer, format: Format): string {
  const name = text(block, 0, 100);
  const prefix = format === 'ustar' || format === 'star' ? text(block, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** The form in which tar writes the holes of a member depends on the format of its header. */
function sparseOf(
  block: Buffer,
  { pax, posix }: Extension,
  format: Format,
  typeflag: string,
): { sparse: Sparse; more: boolean } | null | 'damaged' {
  const holes = paxSparse(pax);
  if (typeflag !== 'S') {
    if (holes === null || holes === 'damaged') return holes;
    return format === 'ustar' && posix && '0\x007'.includes(typeflag)
      ? { sparse: holes, more: false }
      : 'damaged';
  }
  if (format !== 'gnu' || holes !== null) return 'damaged';
  const size = number(block, 483, 12);
  const map = gnuSegments(block, 386, 4);
  if (size === null || map === null) return 'damaged';
  return { sparse: { size, segments: map.segments }, more: map.full && block[482] !== 0 };
}

function attributes(pax: ReadonlyMap<string, Buffer>): Pick<Member, 'xattrs' | 'acls'> {
  if (pax.size === 0) return { xattrs: NO_XATTRS, acls: [] };
  const xattrs = new Map<string, Buffer>();
  const acls: string[] = [];
  for (const [key, value] of pax) {
    if (key.startsWith('SCHILY.xattr.')) {
      // tar writes `=` and `%` of a name in this way.
      const name = key.slice(13).replace(/%3D|%25/g, (code) => (code === '%3D' ? '=' : '%'));
      if (name.length <= LONGEST_XATTR) xattrs.set(name, value);
    } else if (key.startsWith('SCHILY.acl.'))
      acls.push(`${key === 'SCHILY.acl.default' ? 'default:' : ''}${value.toString('latin1')}`);
  }
  return { xattrs, acls };
}
