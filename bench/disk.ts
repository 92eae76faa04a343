import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, truncateSync, writeFileSync } from 'node:fs';
import { $ } from '../pipeline/host/process/tool.ts';

/** The start of the root's partition on the bench's disk. */
export const OFFSET = 2048 * 512;

/**
 * Makes a raw disk with one ext4 partition, filled from a tar as root by a loop mount.
 * @param bytes what the files come to; the disk is as sparse as they leave it
 * @param tars unpacked one over the other
 */
export async function makeDisk(disk: string, bytes: number, tars: readonly string[]): Promise<void> {
  const mountPoint = `${disk}.filling`;
  writeFileSync(disk, '');
  truncateSync(disk, Math.ceil((bytes * 1.6 + 512e6) / 1e6) * 1e6);
  await $({
    input: 'label: gpt\nstart=2048,type=0FC63DAF-8483-4772-8E79-3D69D8477DE4\n',
  })`sfdisk -q ${disk}`;
  const kib = Math.floor((bytes * 1.5 + 400e6) / 1024);
  await $()`mkfs.ext4 -q -F -E offset=${OFFSET} ${disk} ${kib}k`;
  mkdirSync(mountPoint, { recursive: true });
  await $()`mount -o loop,offset=${OFFSET} ${disk} ${mountPoint}`;
  try {
    const flags = ['--xattrs', '--xattrs-include=*', '--numeric-owner', '-Sxpf'];
    for (const tar of tars) await $()`tar -C ${mountPoint} ${flags} ${tar}`;
  } finally {
    await $()`umount ${mountPoint}`;
    rmdirSync(mountPoint);
  }
}

/** Mounts the root to change it. */
export async function changeDisk(disk: string, change: (root: string) => Promise<void>): Promise<void> {
  const mountPoint = `${disk}.changing`;
  mkdirSync(mountPoint, { recursive: true });
  // The loop device of an earlier read-only mount is detached a moment after its umount, and would be used again.
  const writable = `for i in $(seq 100); do mount -w -o loop,offset=${OFFSET} "$1" "$2" && exit 0; sleep 0.1; done; exit 1`;
  await $()`sh -c ${writable} sh ${disk} ${mountPoint}`;
  try {
    await change(mountPoint);
  } finally {
    await $()`umount ${mountPoint}`;
    rmdirSync(mountPoint);
  }
}

/** The tar that the guest's hand-over writes of its root; here by the host's kernel. */
export const GUEST_TAR =
  "tar --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime --xattrs --xattrs-include='*' --numeric-owner --sort=name -S -b 2048";

/** (1) DGX OS 5's way, as root. Arguments: disk, mount point, artifact. */
export const LOOP_TAR = `set -e
mount -t ext4 -o ro,noload,loop,offset=${OFFSET} "$1" "$2"
trap 'umount "$2"' EXIT
trap 'exit 1' INT
tar -C "$2" -Sczpf "$3" .`;

/**
 * (2) packer-maas' way of today. All servers stay children of the shell, which waits for them: their CPU counts.
 * Arguments: disk, an empty folder, artifact.
 */
export const FUSE_TAR = `set -e
mkdir -p "$2/nbd" "$2/root"
qemu-nbd -t -r -f raw -k "$2/socket" "$1" & qemu=$!
stop() {
  fusermount3 -u "$2/root" || true; [ -z "$fuse" ] || wait $fuse || true
  fusermount3 -u "$2/nbd" || true; [ -z "$nbd" ] || wait $nbd || true
  kill $qemu || true; wait $qemu || true
}
trap 'stop "$@" 2> /dev/null' EXIT
trap 'exit 1' INT
await() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 200 ] || exit 1; sleep 0.05; done; }
await test -S "$2/socket"
touch "$2/disk"
nbdfuse -r "$2/nbd" --command nbdkit -s -r --filter=partition nbd socket="$2/socket" partition=1 & nbd=$!
await test -s "$2/nbd/nbd"
fuse2fs -f -o ro,fakeroot "$2/nbd/nbd" "$2/root" & fuse=$!
await mountpoint -q "$2/root"
tar -C "$2/root" -Scpf - . | pigz --best > "$3"`;

/** The missing programs of a list, with the Debian packages that bring them. */
export function missing(tools: Record<string, string>): string[] {
  return Object.entries(tools)
    .filter(([tool]) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool]).status !== 0)
    .map(([tool, from]) => `${tool} (package ${from})`);
}

export const FUSE_TOOLS = {
  'qemu-nbd': 'qemu-utils',
  nbdfuse: 'libnbd-bin',
  nbdkit: 'nbdkit',
  fuse2fs: 'fuse2fs',
  fusermount3: 'fuse3',
  pigz: 'pigz',
};

export const hasFuse = () => existsSync('/dev/fuse');
