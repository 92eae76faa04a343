/** The Debian or Ubuntu package of each tool. The set-up scripts and `doctor` read the same table. */
export const PACKAGE_OF: Record<string, string> = {
  packer: 'packer',
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-system-aarch64': 'qemu-system-arm',
  OVMF: 'ovmf',
  AAVMF: 'qemu-efi-aarch64',
  'qemu-img': 'qemu-utils',
  xorriso: 'xorriso',
  bsdtar: 'libarchive-tools',
  unsquashfs: 'squashfs-tools',
  mksquashfs: 'squashfs-tools',
  mmdebstrap: 'mmdebstrap',
  tar: 'tar',
  xz: 'xz-utils',
  bzip2: 'bzip2',
  'libdeflate-gzip': 'libdeflate-tools',
  'apt-get': 'apt',
  gpgv: 'gpgv',
  git: 'git',
  sfdisk: 'fdisk',
  dumpe2fs: 'e2fsprogs',
  'mkfs.ext4': 'e2fsprogs',
  fuse2fs: 'fuse2fs',
  fusermount3: 'fuse3',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
};

/** One sentence that says how to get a tool. */
export function installHint(tool: string): string {
  const name = PACKAGE_OF[tool];
  return name ? `sudo apt-get install ${name}` : `Install ${tool} and make sure that it is on the PATH.`;
}
