import type { ExtractEvents } from 'tar-stream';
import type { Member, MemberType } from './collector.ts';
import { normalise } from './names.ts';
import type { Preamble } from './tap.ts';

export type Header = ExtractEvents['entry'][0];

const TYPES: Record<string, MemberType> = {
  file: 'file',
  'contiguous-file': 'file',
  link: 'hard-link',
  symlink: 'symlink',
  directory: 'directory',
  'character-device': 'character-device',
  'block-device': 'block-device',
  fifo: 'fifo',
};

const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

/** A member's name as it will be extracted, byte for byte (latin1). */
export function nameOf(header: Header, { pax }: Preamble): string {
  return (pax.get('GNU.sparse.name') ?? pax.get('path'))?.toString('latin1') ?? header.name;
}

/** The member of a header, with what tar-stream loses of it. A hard link's target is still as written. */
export function memberOf(header: Header, name: string, { pax, sparse }: Preamble): Member {
  const type = typeOf(header, name, sparse !== null);
  const linked = type === 'symlink' || type === 'hard-link';
  const file = type === 'file';
  return {
    path: normalise(name),
    type,
    mode: header.mode ?? 0,
    uid: numeric(pax, 'uid') ?? header.uid ?? 0,
    gid: numeric(pax, 'gid') ?? header.gid ?? 0,
    size: file ? (sparse?.size ?? header.size ?? 0) : 0,
    stored: file ? (header.size ?? 0) : 0,
    sparse: sparse !== null,
    link: linked ? (pax.get('linkpath')?.toString('latin1') ?? header.linkname ?? '') : null,
    ...attributes(pax),
  };
}

/** GNU's sparse files have no type in tar-stream, and the directories of old tars that of a file. */
function typeOf(header: Header, name: string, sparse: boolean): MemberType {
  const type = TYPES[header.type as string] ?? (sparse ? 'file' : 'other');
  return type === 'file' && name.endsWith('/') ? 'directory' : type;
}

function numeric(pax: ReadonlyMap<string, Buffer>, key: string): number | undefined {
  const value = pax.get(key)?.toString('latin1');
  return value !== undefined && /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined;
}

function attributes(pax: ReadonlyMap<string, Buffer>): Pick<Member, 'xattrs' | 'acls'> {
  if (pax.size === 0) return { xattrs: NO_XATTRS, acls: [] };
  const xattrs = new Map<string, Buffer>();
  const acls: string[] = [];
  for (const [key, value] of pax) {
    if (key.startsWith('SCHILY.xattr.')) xattrs.set(key.slice(13), value);
    else if (key.startsWith('SCHILY.acl.'))
      acls.push(`${key === 'SCHILY.acl.default' ? 'default:' : ''}${value.toString('latin1')}`);
  }
  return { xattrs, acls };
}
