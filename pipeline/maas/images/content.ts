import type { FileHandle } from 'node:fs/promises';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { openRegular } from '../../host/files/regular.ts';
import { decompressor } from '../../image/tar/decompress.ts';
import { BLOCK, checksumOk, number } from '../../image/tar/header.ts';
import { formatOf, KIND_BYTES, signatureOf } from '../../image/tar/magic.ts';

type Packing = 'gzip' | 'bzip2' | 'xz' | 'none';
/** The formats of MAAS' file types: a root as a tar, a disk in a tar, a disk. */
type ContentKind = 'root' | 'disk-tar' | 'disk';

/** The file types by what they hold and how that is packed, as curtin unpacks them (`sanitize_source`, `dd` and `extract`). */
const TYPES: Readonly<Record<ContentKind, Partial<Record<Packing, string>>>> = {
  root: { gzip: 'tgz', bzip2: 'tbz', xz: 'txz' },
  'disk-tar': { gzip: 'ddtgz', bzip2: 'ddtbz', xz: 'ddtxz', none: 'ddtar' },
  disk: { gzip: 'ddgz', bzip2: 'ddbz2', xz: 'ddxz', none: 'ddraw' },
};

const WORDS: Record<ContentKind, string> = {
  root: 'a tar of a root file system',
  'disk-tar': 'a tar with a disk image in it',
  disk: 'a disk image',
};

/** Bytes looked at of what is packed, and bytes read of the file for them at most. */
const LOOK = KIND_BYTES + (64 << 10);
const MOST_READ = 8 << 20;
const PIECE = 64 << 10;

/**
 * Compares a file with its file type by its first bytes, unpacked: MAAS stores it under any type, and the machine fails on it.
 * @returns null when it fits, or a sentence where nothing is known of its content
 * @throws Fault USAGE when another file type fits; IMAGE_REJECTED when none does
 */
export async function checkContent(
  file: string,
  filetype: string,
  signal: AbortSignal,
): Promise<string | null> {
  const wanted = wants(filetype);
  if (!wanted) return null;
  const { packing, outer, inside } = await look(file, signal);
  const packed = packing === 'none' ? '' : `, compressed with ${packing}`;
  const means = `the file type ${filetype} means ${WORDS[wanted.holds]}${wanted.packing === 'none' ? ', not compressed' : `, compressed with ${wanted.packing}`}`;
  if (outer !== null)
    throw new Fault('IMAGE_REJECTED', `${file} is ${outer.name}, and MAAS has no file type for that`, {
      hint: remedy(outer),
    });
  const holds = holdsOf(inside);
  if (typeof holds === 'object' && holds !== null)
    throw new Fault('IMAGE_REJECTED', `${file} contains ${holds.name}${packed}, and ${means}`, {
      hint: remedy(holds),
    });
  if (holds === null && wanted.packing === packing && wanted.holds === 'disk')
    return `${file} begins neither with a partition table nor with any other known data${packed}`;
  if (holds === wanted.holds && packing === wanted.packing) return null;
  if (holds === null)
    throw new Fault('IMAGE_REJECTED', `${file} contains no tar${packed}, and ${means}`, {
      hint: 'Pack the image again, or set its file type (--filetype).',
    });
  const fitting = TYPES[holds][packing];
  throw new Fault('USAGE', `${file} is ${WORDS[holds]}${packed}, and ${means}`, {
    hint: fitting
      ? `Its file type is ${fitting} (--filetype ${fitting}).`
      : 'Compress it first with gzip, xz or bzip2: MAAS has no type for a plain tar of a root.',
  });
}

function wants(filetype: string): { holds: ContentKind; packing: Packing } | undefined {
  for (const [holds, types] of Object.entries(TYPES))
    for (const [packing, type] of Object.entries(types))
      if (type === filetype) return { holds: holds as ContentKind, packing: packing as Packing };
  return undefined;
}

interface ContentSample {
  name: string;
  family: string;
  qemu?: string;
}

/** The format that curtin could use, or another one in its place; null: not known. */
function holdsOf(inside: Buffer): ContentKind | ContentSample | null {
  const found = signatureOf(inside);
  if (found === null) return null;
  if (found.family === 'table') return 'disk';
  if (found.family !== 'tar') return found;
  const member = firstFile(inside);
  if (member === null) return 'root';
  const content = signatureOf(member);
  // A root may begin with any file; a disk in a tar is one file that begins as disks do.
  if (content?.family === 'table') return 'disk-tar';
  return content?.family === 'disk-file' || content?.family === 'medium'
    ? { ...content, name: `a tar with ${content.name}` }
    : 'root';
}

/** The beginning of the first member of a tar, when that is a file; extended headers are passed over. */
function firstFile(tar: Buffer): Buffer | null {
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK);
    const size = number(header, 124, 12);
    if (size === null || !checksumOk(header)) return null;
    const type = String.fromCharCode(header[156]!);
    at += BLOCK;
    if (type === '0' || type === '\0' || type === 'S') {
      const map = header.includes('/GNUSparseFile.') ? mapBytes(tar.subarray(at)) : 0;
      return tar.subarray(at + map, at + size);
    }
    if (!'xgLK'.includes(type)) return null;
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
  return null;
}

/** Bytes of the map of holes that stands before the content of a sparse file (GNU's PAX format 1.0): a count, then so many pairs. */
function mapBytes(content: Buffer): number {
  let end = content.indexOf(10);
  const lines = 2 * Number.parseInt(content.toString('latin1', 0, Math.max(end, 0)), 10);
  for (let line = 0; line < lines && end >= 0; line++) end = content.indexOf(10, end + 1);
  // Of a map without an end: 0.
  return Math.ceil((end + 1) / BLOCK) * BLOCK;
}

function remedy({ name, family, qemu }: ContentSample): string {
  if (qemu)
    return `Convert it: qemu-img convert -f ${qemu} -O raw IN OUT.raw, and upload OUT.raw as ddraw, or gzipped as ddgz.`;
  if (family === 'compressed') return 'Unpack it, and compress it with gzip, xz or bzip2.';
  if (family === 'medium')
    return 'It is an installer, not an installed system: build an image from it, and upload that.';
  if (family === 'part')
    return 'A file system alone does not boot: give a disk with its partition table, or a tar of the root.';
  if (name === 'empty') return 'Build and pack the image again.';
  return 'It is not an image: check where the file comes from. A failed download often leaves a page with an error message.';
}

async function look(
  file: string,
  signal: AbortSignal,
): Promise<{ packing: Packing; outer: ContentSample | null; inside: Buffer }> {
  try {
    await using handle = await openRegular(file);
    const head = await read(handle, 0, KIND_BYTES);
    const found = signatureOf(head);
    const { format } = formatOf(head);
    if (format === 'unknown' && found?.family !== 'table' && found?.family !== 'part')
      return { packing: 'none', outer: found, inside: head };
    if (format !== 'gzip' && format !== 'bzip2' && format !== 'xz')
      return head.length === 0
        ? { packing: 'none', outer: found, inside: head }
        : { packing: 'none', outer: null, inside: await read(handle, 0, LOOK) };
    return { packing: format, outer: null, inside: await unpacked(handle, format, file, signal) };
  } catch (error) {
    throw error instanceof Fault ? error : fromSystemError(error, `reading ${file}`);
  }
}

async function read(handle: FileHandle, at: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await handle.read(buffer, filled, bytes - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** The first bytes of what is packed; the file is read no further than they need. */
async function unpacked(
  handle: FileHandle,
  format: 'gzip' | 'bzip2' | 'xz',
  file: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  const stream = await decompressor(format, async (chunk) => {
    parts.push(Buffer.from(chunk.subarray(0, Math.max(0, LOOK - bytes))));
    bytes += chunk.length;
  });
  let problem: string | null = null;
  try {
    for (let at = 0; bytes < LOOK && at < MOST_READ; at += PIECE) {
      if (signal.aborted) throw interrupted(signal);
      const piece = await read(handle, at, PIECE);
      await stream.write(piece);
      if (piece.length < PIECE) {
        problem = await stream.end();
        break;
      }
    }
  } finally {
    stream.destroy();
  }
  if (bytes === 0)
    throw new Fault('IMAGE_REJECTED', `${file} cannot be unpacked: ${problem ?? `${format} gives nothing`}`, {
      hint: 'Pack the image again, or download it again.',
    });
  return Buffer.concat(parts);
}
