export type Format = 'gzip' | 'xz' | 'bzip2' | 'none' | 'unknown';

/** The kind of a file. `table`: a disk with partitions; `part`: a format in a partition, or on a whole disk. */
export type Family =
  | 'compressed'
  | 'tar'
  | 'archive'
  | 'disk-file'
  | 'table'
  | 'part'
  | 'medium'
  | 'document'
  | 'program';

export interface Signature {
  name: string;
  family: Family;
  /** qemu-img's name of a disk file's format. */
  qemu?: string;
}

/** Bytes needed to distinguish compressions and archives: a tar has its magic at 257. */
export const MAGIC_BYTES = 512;
/** Bytes needed to distinguish everything: Btrfs has its magic at 65,600. */
export const KIND_BYTES = 66 << 10;

const hex = (text: string) => Buffer.from(text, 'hex');
const word = (text: string) => Buffer.from(text, 'latin1');

/** Magic numbers as file(1) and libblkid have them, those that contain others first: an ISO and a file system may begin with a boot sector. */
const SIGNATURES: readonly (Signature & { at: number; magic: Buffer })[] = [
  { name: 'gzip', family: 'compressed', at: 0, magic: hex('1f8b') },
  { name: 'xz', family: 'compressed', at: 0, magic: hex('fd377a585a00') },
  { name: 'bzip2', family: 'compressed', at: 0, magic: word('BZh') },
  { name: 'zstd', family: 'compressed', at: 0, magic: hex('28b52ffd') },
  { name: 'lz4', family: 'compressed', at: 0, magic: hex('04224d18') },
  { name: 'lz4 (legacy)', family: 'compressed', at: 0, magic: hex('02214c18') },
  { name: 'lzip', family: 'compressed', at: 0, magic: word('LZIP') },
  { name: 'lzop', family: 'compressed', at: 0, magic: hex('894c5a4f000d0a1a0a') },
  { name: 'lzma', family: 'compressed', at: 0, magic: hex('5d0000') },
  { name: 'compress (.Z)', family: 'compressed', at: 0, magic: hex('1f9d') },
  { name: 'zip', family: 'archive', at: 0, magic: hex('504b0304') },
  { name: 'an empty zip', family: 'archive', at: 0, magic: hex('504b0506') },
  { name: '7z', family: 'archive', at: 0, magic: hex('377abcaf271c') },
  { name: 'rar', family: 'archive', at: 0, magic: word('Rar!') },
  { name: 'a .deb or ar archive', family: 'archive', at: 0, magic: word('!<arch>') },
  { name: 'a cpio archive', family: 'archive', at: 0, magic: word('07070') },
  { name: 'a snapshot or Windows image (WIM)', family: 'archive', at: 0, magic: word('MSWIM') },
  { name: 'a qcow2 disk', family: 'disk-file', qemu: 'qcow2', at: 0, magic: hex('514649fb') },
  { name: 'a VMDK disk', family: 'disk-file', qemu: 'vmdk', at: 0, magic: word('KDMV') },
  { name: 'a VMDK disk (ESX)', family: 'disk-file', qemu: 'vmdk', at: 0, magic: word('COWD') },
  {
    name: "a VMDK disk's descriptor",
    family: 'disk-file',
    qemu: 'vmdk',
    at: 0,
    magic: word('# Disk DescriptorFile'),
  },
  { name: 'a VHDX disk', family: 'disk-file', qemu: 'vhdx', at: 0, magic: word('vhdxfile') },
  { name: 'a VHD disk', family: 'disk-file', qemu: 'vpc', at: 0, magic: word('conectix') },
  { name: 'a VDI disk', family: 'disk-file', qemu: 'vdi', at: 64, magic: hex('7f10dabe') },
  { name: 'a QED disk', family: 'disk-file', qemu: 'qed', at: 0, magic: hex('51454400') },
  {
    name: 'a Parallels disk',
    family: 'disk-file',
    qemu: 'parallels',
    at: 0,
    magic: word('WithoutFreeSpace'),
  },
  {
    name: 'a Parallels disk',
    family: 'disk-file',
    qemu: 'parallels',
    at: 0,
    magic: word('WithouFreSpacExt'),
  },
  { name: 'tar', family: 'tar', at: 257, magic: word('ustar') },
  { name: 'an ISO 9660 medium', family: 'medium', at: 32_769, magic: word('CD001') },
  { name: 'squashfs', family: 'part', at: 0, magic: word('hsqs') },
  { name: 'LUKS (encrypted)', family: 'part', at: 0, magic: hex('4c554b53babe') },
  { name: 'XFS', family: 'part', at: 0, magic: word('XFSB') },
  { name: 'BitLocker', family: 'part', at: 3, magic: word('-FVE-FS-') },
  { name: 'NTFS', family: 'part', at: 3, magic: word('NTFS    ') },
  { name: 'exFAT', family: 'part', at: 3, magic: word('EXFAT   ') },
  { name: 'FAT', family: 'part', at: 54, magic: word('FAT1') },
  { name: 'FAT', family: 'part', at: 82, magic: word('FAT32') },
  { name: 'a disk with a GPT', family: 'table', at: 512, magic: word('EFI PART') },
  { name: 'a disk of 4096-byte sectors with a GPT', family: 'table', at: 4096, magic: word('EFI PART') },
  ...[0, 512, 1024, 1536].map((at) => ({
    name: 'an LVM physical volume',
    family: 'part' as const,
    at,
    magic: word('LABELONE'),
  })),
  { name: 'a RAID member (mdadm)', family: 'part', at: 0, magic: hex('fc4e2ba9') },
  { name: 'a RAID member (mdadm)', family: 'part', at: 4096, magic: hex('fc4e2ba9') },
  { name: 'a bcache device', family: 'part', at: 4120, magic: hex('c68573f64e1a45ca8265f57f48ba6d81') },
  { name: 'swap', family: 'part', at: 4086, magic: word('SWAPSPACE2') },
  { name: 'swap', family: 'part', at: 65_526, magic: word('SWAPSPACE2') },
  { name: 'ext2, ext3 or ext4', family: 'part', at: 1080, magic: hex('53ef') },
  { name: 'F2FS', family: 'part', at: 1024, magic: hex('1020f5f2') },
  { name: 'EROFS', family: 'part', at: 1024, magic: hex('e2e1f5e0') },
  { name: 'JFS', family: 'part', at: 32_768, magic: word('JFS1') },
  { name: 'ReiserFS', family: 'part', at: 65_588, magic: word('ReIsEr') },
  { name: 'Btrfs', family: 'part', at: 65_600, magic: word('_BHRfS_M') },
  { name: 'a disk with an MBR', family: 'table', at: 510, magic: hex('55aa') },
  { name: 'a program', family: 'program', at: 0, magic: hex('7f454c46') },
  { name: 'a shell script', family: 'document', at: 0, magic: word('#!') },
  { name: 'a PDF', family: 'document', at: 0, magic: word('%PDF') },
];

/** The kind of a file by its first bytes, KIND_BYTES where there are so many; null: not known. */
export function signatureOf(head: Buffer): Signature | null {
  if (head.length === 0) return { name: 'empty', family: 'document' };
  const found = SIGNATURES.find(({ at, magic }) => head.subarray(at, at + magic.length).equals(magic));
  if (found) return isChance(head, found) ? (documentOf(head) ?? null) : found;
  return isOldTar(head) ? { name: 'tar', family: 'tar' } : documentOf(head);
}

/** A magic number of a few letters may be the beginning of a text. */
function isChance(head: Buffer, { magic, name }: { magic: Buffer; name: string }): boolean {
  if (name === 'gzip' || (name === 'bzip2' && /[1-9]/.test(String.fromCharCode(head[3] ?? 0)))) return false;
  return magic.length <= 3 && documentOf(head) !== null;
}

/** A tar from before POSIX has no magic, but a sum of its header. */
function isOldTar(head: Buffer): boolean {
  if (head.length < 512 || head[0] === 0) return false;
  const stated = /^ *([0-7]{1,6})[ \0]/.exec(head.toString('latin1', 148, 156))?.[1];
  if (stated === undefined) return false;
  let sum = 8 * 32;
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += head[i]!;
  return sum === Number.parseInt(stated, 8);
}

function documentOf(head: Buffer): Signature | null {
  const text = head
    .subarray(0, 512)
    .toString('utf8')
    .replace(/^\ufeff/, '');
  if (/^\s*</.test(text)) return { name: 'a web page or XML', family: 'document' };
  // Characters that plain text does not hold.
  if (/[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]/.test(text.slice(0, -4))) return null;
  return { name: /^\s*[[{]/.test(text) ? 'JSON' : 'plain text', family: 'document' };
}

/**
 * The compression of a stream by its first MAGIC_BYTES.
 * @returns `name` is what a person calls it, for formats that MAAS and curtin do not take
 */
export function formatOf(head: Buffer): { format: Format; name: string } {
  const found = signatureOf(head);
  if (found?.name === 'gzip' || found?.name === 'xz' || found?.name === 'bzip2')
    return { format: found.name, name: found.name };
  // Unknown bytes, and none: the reader of the tar reports that it is not a tar.
  if (found === null || found.family === 'tar' || head.length === 0) return { format: 'none', name: 'tar' };
  return { format: 'unknown', name: found.name };
}
