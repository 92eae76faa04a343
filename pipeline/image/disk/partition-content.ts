import { open } from 'node:fs/promises';
import { Fault } from '../../core/faults/fault.ts';
import { $ } from '../../host/process/tool.ts';
import { KIND_BYTES, signatureOf } from '../tar/magic.ts';
import { shown } from '../tar/names.ts';
import { inItsFolder, type Partition, SBIN } from './disk-partition.ts';

/** The content of a partition, or of a disk without a partition table. */
export interface Content {
  /** libblkid's name, such as ext4, LVM2_member, crypto_LUKS; null: nothing that it knows. */
  type: string | null;
  /** In words, with what is known of it. */
  words: string;
  /** A root file system that can be packed. */
  root: boolean;
}

/** Bytes of a ZFS label; its second half are uberblocks. */
const ZFS_LABEL = 256 << 10;
const UBERBLOCK = 0x00bab10cn;

const TAR =
  "make the tar there: `tar -C MOUNT --xattrs --xattrs-include='*' --numeric-owner -S -czf IMAGE.tar.gz .`; then check it with `validate` and send it with `upload`";

/** libblkid's types in words, and how the root in them can be had. */
const KINDS: Readonly<Record<string, { words: string; remedy: string }>> = {
  LVM2_member: {
    words: 'an LVM physical volume',
    remedy: `Attach the disk to a machine, activate its volumes (\`vgchange -ay\`), mount the root and ${TAR}.`,
  },
  crypto_LUKS: {
    words: 'LUKS (encrypted)',
    remedy: `Open it on a machine that has the key (\`cryptsetup open\`), mount the root and ${TAR}.`,
  },
  linux_raid_member: {
    words: 'a member of a RAID (mdadm)',
    remedy: `Assemble the array on a machine that has all disks (\`mdadm --assemble --readonly\`), mount the root and ${TAR}.`,
  },
  zfs_member: {
    words: 'a member of a ZFS pool',
    remedy: `Import the pool read-only (\`zpool import -o readonly=on -R MOUNT\`) and ${TAR}.`,
  },
  bcache: { words: 'a bcache device', remedy: `Mount the root on a machine with its cache and ${TAR}.` },
  swap: { words: 'swap', remedy: 'It contains no files: use the disk that has the root.' },
  squashfs: { words: 'squashfs', remedy: 'Unpack it by `unsquashfs`, as root, and pack that folder by tar.' },
  vfat: { words: 'FAT, such as an EFI partition', remedy: 'Use the disk that has the root, in ext4.' },
};

function kindOf(type: string): { words: string; remedy: string } {
  if (Object.hasOwn(KINDS, type)) return KINDS[type]!;
  if (/_raid_member$/.test(type))
    return { ...KINDS.linux_raid_member!, words: `a member of a RAID (${type})` };
  return { words: type, remedy: `Only ext4 is read here: mount it (\`mount -o ro\`) and ${TAR}.` };
}

/** Looks into a partition, without a mount. @throws Fault TOOL_MISSING */
export async function contentOf(
  disk: string,
  { offset, size }: Partition,
  signal: AbortSignal,
): Promise<Content> {
  const { name, cwd } = inItsFolder(disk);
  const look = $({ cwd, env: SBIN, signal, nothrow: true, reason: 'see what a partition contains' });
  const { stdout } = await look`blkid -p -o export -O ${offset} -S ${size} -- ${name}`;
  const type = /^TYPE=(.*)$/m.exec(stdout)?.[1]?.replaceAll('\\', '') ?? (await typeByMagic(disk, offset));
  if (type === null) return { type, words: 'an unknown format', root: false };
  if (!/^ext[234]$/.test(type)) return { type, words: kindOf(shown(type)).words, root: false };
  const listing = await look`debugfs -R ${'ls -p /'} ${name}?offset=${offset}`;
  const names = [...listing.stdout.matchAll(/^\/\d+\/\d*\/\d*\/\d*\/([^/\n]+)\//gm)]
    .map((match) => match[1]!)
    .filter((entry) => entry !== '.' && entry !== '..');
  if (['etc', 'usr', 'bin', 'sbin'].some((folder) => names.includes(folder)))
    return { type, words: type, root: true };
  const boot = names.some((entry) => /^(?:vmlinu[xz]|initrd|grub)/.test(entry));
  const inIt = names.slice(0, 5).map(shown).join(', ') || 'nothing';
  return {
    type,
    words: `${type}, ${boot ? 'a separate /boot' : 'no root file system'}: ${inIt}`,
    root: false,
  };
}

/** libblkid is strict: a volume whose sums are wrong is none for it, and is named here all the same. */
const BY_MAGIC: Readonly<Record<string, string>> = {
  'an LVM physical volume': 'LVM2_member',
  'LUKS (encrypted)': 'crypto_LUKS',
  'a RAID member (mdadm)': 'linux_raid_member',
  'a bcache device': 'bcache',
  XFS: 'xfs',
  Btrfs: 'btrfs',
};

async function typeByMagic(disk: string, offset: number): Promise<string | null> {
  await using file = await open(disk, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(ZFS_LABEL), 0, ZFS_LABEL, offset);
  const head = buffer.subarray(0, bytesRead);
  const found = signatureOf(head.subarray(0, KIND_BYTES));
  if (found?.family === 'part') return BY_MAGIC[found.name] ?? found.name;
  // The uberblocks of the first label, one of which at least is written.
  for (let at = ZFS_LABEL / 2; at + 8 <= head.length; at += 1024)
    if (head.readBigUInt64LE(at) === UBERBLOCK || head.readBigUInt64BE(at) === UBERBLOCK) return 'zfs_member';
  return null;
}

/** The fault for a disk, or its partition, without a root that can be packed. */
export function noRoot(found: readonly { partition: Partition; content: Content }[]): Fault {
  const types = found.flatMap(({ content }) => content.type ?? []);
  const boot = found.some(({ content }) => content.words.includes('/boot'));
  const foreign =
    types.find((type) => !/^(?:ext[234]|vfat|swap)$/.test(type)) ??
    (boot ? undefined : types.find((type) => Object.hasOwn(KINDS, type)));
  const [only] = found;
  const place = (number: number | null) => (number === null ? 'The disk' : `Partition ${number}`);
  const message =
    found.length !== 1 || !only
      ? 'The disk has no partition with a root file system in ext4'
      : only.content.type === null
        ? `${place(only.partition.number)} contains no ext4 file system`
        : `${place(only.partition.number)} is not a root file system in ext4: it contains ${only.content.words}`;
  return new Fault('DISK_UNREADABLE', message, {
    hint: foreign
      ? kindOf(shown(foreign)).remedy
      : boot
        ? 'The root is on another disk or partition: use that one (--partition N).'
        : 'Use a disk whose root is ext4, as DGX OS installs it; select another partition with --partition N.',
    detail: found
      .map(
        ({ partition, content }) => `${place(partition.number)}: ${partition.size} bytes, ${content.words}`,
      )
      .join('\n'),
  });
}
