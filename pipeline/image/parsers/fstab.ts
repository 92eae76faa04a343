/** A line of fstab(5), its octal escapes undone. */
export interface FstabEntry {
  line: number;
  spec: string;
  file: string;
  type: string;
  options: string[];
}

/** No path is longer, and four fields make no longer line. */
const LONGEST = 16_384;
const MOST_ENTRIES = 1000;

/** Entries as getmntent(3) reads them: fields between blanks, lines that begin with `#` left out, missing fields empty. */
export function parseFstab(text: string): FstabEntry[] {
  const entries: FstabEntry[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const fields = raw
      .slice(0, LONGEST)
      .split(/[ \t\r]+/, 6)
      .filter(Boolean);
    const [spec, file = '', type = '', options = ''] = fields.map(unescaped);
    if (spec === undefined || spec.startsWith('#')) continue;
    if (entries.length >= MOST_ENTRIES) break;
    entries.push({ line: index + 1, spec, file, type, options: options.split(',').filter(Boolean) });
  }
  return entries;
}

const unescaped = (field: string) =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8) & 0xff));

/** File systems that no disk holds: the kernel makes them, or another machine has them. */
const NO_DISK = new Set(
  (
    'autofs binfmt_misc bpf cgroup cgroup2 configfs cpuset debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue nfsd none ' +
    'overlay aufs unionfs proc pstore ramfs rpc_pipefs securityfs selinuxfs sysfs tmpfs tracefs ' +
    'nfs nfs4 cifs smb3 smbfs ncpfs ncp afs ceph glusterfs lustre beegfs wekafs gpfs pvfs2 davfs'
  ).split(' '),
);

/** The source of an entry: a disk or share that only the build machine has, a file of the image, or nothing of either. */
export function mountSource({
  spec,
  type,
  options,
}: Pick<FstabEntry, 'spec' | 'type' | 'options'>): 'device' | 'file' | null {
  if (options.some((o) => o === 'bind' || o === 'rbind')) return null;
  // A tag of blkid: UUID=, LABEL=, PARTUUID=, PARTLABEL=, ID=, quoted or not.
  if (/^["']?[A-Za-z]{2,20}=/.test(spec)) return 'device';
  if (spec === '/dev/null' || spec === '/dev/zero') return null;
  if (spec.startsWith('/dev/') && !NO_DISK.has(type)) return 'device';
  // Folders of the host that run the build VM.
  if (type === '9p' || type === 'virtiofs' || type === 'vboxsf') return 'device';
  if (NO_DISK.has(type) || type.startsWith('fuse')) return null;
  // A pool of the build machine; a name that no file system knows fails in the same way.
  if (type === 'zfs') return 'device';
  if (spec.startsWith('//') || /^[^/]+:/.test(spec)) return null;
  if (spec.startsWith('/')) return 'file';
  return spec === 'none' || spec === '' || type === '' ? null : 'device';
}

/** The effect at boot when it is missing. */
export type BootEffect =
  /** local-fs.target fails, and the machine ends in emergency mode. */
  | 'stops'
  /** Something waits for it, 90 seconds as a rule, and the boot goes on. */
  | 'waits'
  /** Nothing asks for it at boot. */
  | 'nothing';

/**
 * The effect on systemd of an entry whose device is missing. Which target requires it is what systemd-fstab-generator (252) writes; swap
 * and network file systems are wanted by targets that nothing fails with.
 */
export function bootEffect({
  file,
  type,
  options,
}: Pick<FstabEntry, 'file' | 'type' | 'options'>): BootEffect {
  const on = (yes: string, no: string) => options.lastIndexOf(yes) > options.lastIndexOf(no);
  const noauto = on('noauto', 'auto');
  const nofail = on('nofail', 'fail');
  if (type === 'swap') return noauto || nofail ? 'nothing' : 'waits';
  if (!file.startsWith('/')) return 'nothing';
  // The root file system is mounted already: none of these mean anything for it.
  if (file !== '/') {
    if (options.some((o) => /^x-systemd\.(?:automount|wanted-by=|required-by=)/.test(o))) return 'waits';
    if (noauto || nofail) return 'nothing';
  }
  return options.includes('_netdev') ? 'waits' : 'stops';
}
