import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { count, matching, object, orNull, type Shape, text } from '../../host/files/shape.ts';
import { startTimeOf } from '../../host/process/alive.ts';
import { $ } from '../../host/process/tool.ts';
import { toolMissing } from '../../host/process/tool-fault.ts';
import { mountFile, mountsFolder } from '../../workspace/layout.ts';
import { inItsFolder, type Partition, SBIN } from './disk-partition.ts';

export type MountMethod = 'loop' | 'fuse2fs';

/** The losses of each way of reading a disk. */
export const LOSES: Record<MountMethod, readonly string[]> = {
  loop: [],
  fuse2fs: ['sub-second modification times', 'trusted.* attributes'],
};

interface MountRecord {
  pid: number;
  /** The start of the process, in the kernel's ticks: a number is given to another process later. */
  started: string | null;
  /** The folder with all that the run made. */
  work: string;
}

const MOUNT_RECORD: Shape<MountRecord> = object({
  pid: count,
  started: orNull(text),
  // As `pack --from` names it: what is read here is removed.
  work: matching(/\/[^\0]*\/\.pack-[^/\0]+/),
});

export interface MountContext {
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

/**
 * Mounts a file system of a raw image read-only while `use` runs, by the kernel as root, else by fuse2fs; unmounts it
 * whatever happens. A record survives SIGKILL, for `unmountLeftovers`.
 * @param work an empty folder of the caller's; the mount point is `work/root`
 * @throws Fault TOOL_MISSING, DISK_UNREADABLE; what `use` throws
 */
export async function withMounted<T>(
  disk: string,
  partition: Partition,
  work: string,
  context: MountContext,
  use: (root: string, way: MountMethod) => Promise<T>,
): Promise<T> {
  const root = join(work, 'root');
  await mkdir(root);
  try {
    const way = await mount(disk, partition, root, context);
    return await use(root, way);
  } finally {
    await unmount(root);
  }
}

async function mount(
  disk: string,
  partition: Partition,
  root: string,
  context: MountContext,
): Promise<MountMethod> {
  const { signal } = context;
  const failures: string[] = [];
  if (process.getuid?.() === 0) {
    const { offset, size } = partition;
    const options = `ro,noload,nodev,nosuid,noexec,loop,offset=${offset},sizelimit=${size}`;
    const { exitCode, stderr } = await $({
      signal,
      nothrow: true,
    })`mount -t ext4 -o ${options} ${disk} ${root}`;
    if (exitCode === 0) return 'loop';
    failures.push(stderr.trim());
  }
  if (!existsSync('/dev/fuse')) failures.push('fuse2fs needs /dev/fuse, which does not exist');
  else {
    const options = `ro,fakeroot,offset=${partition.offset}`;
    const { name, cwd } = inItsFolder(disk);
    try {
      const { exitCode, stderr } = await $({
        cwd,
        env: SBIN,
        signal,
        nothrow: true,
      })`fuse2fs -o ${options} ${name} ${root}`;
      if (exitCode === 0 && isMounted(root)) return 'fuse2fs';
      failures.push(`fuse2fs: ${stderr.trim() || `ended with exit code ${exitCode}`}`);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'TOOL_MISSING') throw error;
      if (failures.length === 0) throw toolMissing('fuse2fs', 'read a disk without being root');
      failures.push('fuse2fs is not installed');
    }
  }
  throw new Fault('DISK_UNREADABLE', 'The disk can be mounted neither by the kernel nor by fuse2fs', {
    hint: 'Run as root where loop devices are, or as a user with fuse2fs and access to /dev/fuse.',
    detail: failures.join('\n'),
  });
}

/** Asked of the kernel, not remembered: a mount may have come about though its program was interrupted. */
async function unmount(root: string): Promise<void> {
  for (let attempt = 1; isMounted(root) && attempt <= 10; attempt++) {
    const argv = process.getuid?.() === 0 ? ['umount', root] : ['fusermount3', '-u', root];
    const { exitCode } = await $({ nothrow: true, reason: 'unmount the disk' })`${argv}`;
    // A reader that is ending keeps it busy for a moment.
    if (exitCode !== 0) await sleep(200);
  }
  if (isMounted(root))
    throw new Fault('DISK_UNREADABLE', `${root} cannot be unmounted`, {
      hint: `Unmount it by hand: umount ${root}`,
    });
  // Never a recursive removal here: it would go into a mount.
  await rmdir(root).catch(() => {});
}

function isMounted(path: string): boolean {
  const escaped = path.replace(/[\\ \t\n]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === escaped);
}

/** Notes a work folder until the returned function is called. */
export async function recordWork(work: string, env: NodeJS.ProcessEnv): Promise<() => Promise<void>> {
  await makeFolders(mountsFolder(env));
  const path = mountFile(env, `${process.pid}-${performance.now().toString(36).replace('.', '')}.json`);
  const record: MountRecord = { pid: process.pid, started: startTimeOf(process.pid), work };
  await writeFileAtomic(path, JSON.stringify(record));
  return () => rm(path, { force: true });
}

/** Unmounts and removes what runs that were killed have left behind. */
export async function unmountLeftovers({ emit, env }: MountContext): Promise<void> {
  for (const name of await readdir(mountsFolder(env)).catch(() => [])) {
    const path = mountFile(env, name);
    const record = await readJsonOrMiss(path, MOUNT_RECORD);
    if (!record || startTimeOf(record.pid) === record.started) continue;
    await unmount(join(record.work, 'root'));
    await rm(record.work, { recursive: true, force: true });
    await rm(path, { force: true });
    emit({
      type: 'notice',
      level: 'info',
      message: `Removed the files that a killed run left in ${record.work}`,
    });
  }
}
