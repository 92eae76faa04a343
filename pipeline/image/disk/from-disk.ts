import { createHash } from 'node:crypto';
import { mkdtemp, realpath, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { underWay } from '../../core/events/under-way.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { readBoundedText } from '../../host/files/regular.ts';
import { packageVersion } from '../../host/process/package-root.ts';
import { $ } from '../../host/process/tool.ts';
import type { Evidence } from '../artifact.ts';
import { sidecarNames } from '../attest/names.ts';
import { formatSums, parseSums } from '../attest/sums.ts';
import { ARCHIVE_CHECKS } from '../checks/archive.ts';
import { judge, type Verdict } from '../checks/judge.ts';
import { profileOf } from '../checks/profiles.ts';
import { artifactOf, contentOf } from '../pack/manifest.ts';
import { type PackedRoot, packRoot } from '../pack/root.ts';
import { openDisk } from './disk-file.ts';
import {
  LOSES,
  type MountContext,
  type MountMethod,
  recordWork,
  unmountLeftovers,
  withMounted,
} from './disk-mount.ts';
import { fileSystemState, type Partition } from './disk-partition.ts';
import { findRoot } from './find-root.ts';

export interface FromDisk extends MountContext {
  /** A disk image, raw or qcow2, of a machine that was shut down. */
  disk: string;
  /** NAME.tar.gz */
  out: string;
  /** Default: the largest with an ext4 root. */
  partition?: number;
  level: 'fast' | 'normal' | 'small';
  profile: string;
  baseImage: string | null;
}

export interface DiskPacked {
  packed: PackedRoot;
  verdict: Verdict;
  partition: Partition;
  read: { way: MountMethod; loses: readonly string[] };
  /** All files written, the artifact first. */
  files: string[];
}

/**
 * Makes the artifact of a finished disk image by mounting it read-only, and beside it facts, manifest, SBOM and SHA256SUMS,
 * but not a provenance, since it is not known how the disk was made.
 * @throws Fault DISK_UNREADABLE; IMAGE_REJECTED for a file system that needs recovery; TOOL_MISSING; what packing throws
 */
export async function packDisk(options: FromDisk): Promise<DiskPacked> {
  const { signal, env, emit } = options;
  profileOf(options.profile);
  await unmountLeftovers(options);
  const disk = await openDisk(options.disk);
  const out = resolve(options.out);
  const { work, remove } = await workFolder(out, env);
  try {
    const raw = join(work, 'disk');
    if (disk.format === 'raw') await symlink(disk.path, raw);
    else await toRaw(disk.path, raw, options);
    const { size } = await stat(raw);
    const partition = await findRoot(raw, size, options.partition, signal);
    if ((await fileSystemState(raw, partition, signal)) === 'dirty') throw dirty(options.disk);
    const tar = join(work, 'root.tar');
    const way = await withMounted(raw, partition, work, options, async (root, by) => {
      if (LOSES[by].length > 0)
        emit({
          type: 'notice',
          level: 'warning',
          message: `Read by ${by}, which loses ${LOSES[by].join(' and ')}`,
          hint: 'As root, where loop devices are, the kernel reads the disk and nothing is lost.',
        });
      await writeTar(root, tar, options);
      return by;
    });
    const root = { kind: 'tar' as const, path: tar, bytes: (await stat(tar)).size };
    const packed = await packRoot(root, out, { level: options.level, emit, signal });
    const evidence: Evidence = {
      facts: packed.facts,
      stream: packed.stream,
      build: { fileSystem: 'clean' },
    };
    const { profile, baseImage } = options;
    const verdict = judge(packed.facts, {
      profile,
      baseImage,
      stream: packed.stream,
      buildFacts: evidence.build,
    });
    const read = { way, loses: LOSES[way] };
    const files = await describe(packed, evidence, {
      disk: { file: basename(options.disk), format: disk.format, size },
      partition,
      read,
      compression: options.level,
    });
    return { packed, verdict, partition, read, files: [out, ...files] };
  } finally {
    await remove();
  }
}

/** A folder beside the artifact, known to later runs should this one be killed. */
async function workFolder(
  out: string,
  env: NodeJS.ProcessEnv,
): Promise<{ work: string; remove: () => Promise<void> }> {
  const folder = await folderOf(out);
  let work: string | undefined;
  try {
    work = await mkdtemp(join(folder, '.pack-'));
    const forget = await recordWork(work, env);
    const made = work;
    return {
      work,
      async remove() {
        await rm(made, { recursive: true, force: true });
        await forget();
      },
    };
  } catch (error) {
    if (work) await rm(work, { recursive: true, force: true });
    throw fromSystemError(error, `creating a work folder in ${folder}`);
  }
}

async function folderOf(out: string): Promise<string> {
  try {
    return await realpath(dirname(out));
  } catch (error) {
    throw new Fault('USAGE', `There is no folder ${dirname(out)} for the artifact`, { cause: error });
  }
}

async function toRaw(from: string, to: string, { emit, signal }: MountContext): Promise<void> {
  const convert = $({ guarded: true, signal, reason: 'read a qcow2 disk' });
  await underWay(emit, 'pack', async () => {
    emit({ type: 'activity', id: 'pack', label: 'qcow2 to a sparse raw disk' });
    await convert`qemu-img convert -f qcow2 -O raw ${from} ${to}`;
  });
}

/**
 * The options of the guest's tar when a build hands its root over; ACLs travel as system.posix_acl_* attributes. The name of
 * extended headers is given because tar puts its process id into it, as it still does into the name of a file with holes.
 */
const TAR = [
  '--format=posix',
  '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
  '--xattrs',
  '--xattrs-include=*',
  '--numeric-owner',
  '--sort=name',
  '-S',
] as const;

async function writeTar(root: string, tar: string, { emit, signal }: MountContext): Promise<void> {
  const run = $({ guarded: true, signal, nothrow: true });
  const { exitCode, stderr } = await underWay(emit, 'pack', async () => {
    emit({ type: 'activity', id: 'pack', label: 'tar of the root' });
    return run`tar ${TAR} -C ${root} -cf ${tar} .`;
  });
  if (/No space left/.test(stderr)) throw fromSystemError({ code: 'ENOSPC' }, `writing ${tar}`);
  if (exitCode !== 0)
    throw new Fault('PACK_FAILED', `tar ended with exit code ${exitCode}`, {
      detail: stderr.trim().split('\n').slice(-12).join('\n'),
    });
}

function dirty(disk: string): Fault {
  const check = ARCHIVE_CHECKS.find(({ id }) => id === 'clean-file-system')!;
  return new Fault(
    'IMAGE_REJECTED',
    `The file system of ${disk} needs recovery: ${check.title} is a blocker`,
    {
      detail: check.why,
      hint: 'Boot the machine once and shut it down properly, or build again; e2fsck repairs the file system, not the lost writes.',
    },
  );
}

interface Inputs {
  disk: { file: string; format: string; size: number };
  partition: Partition;
  read: { way: MountMethod; loses: readonly string[] };
  compression: string;
}

/** @returns the paths written */
async function describe(packed: PackedRoot, evidence: Evidence, inputs: Inputs): Promise<string[]> {
  const names = sidecarNames(packed.path);
  const name = basename(names.manifest, '.manifest.json');
  const { facts } = packed;
  const platform = facts.dgx.release?.DGX_PLATFORM ?? 'unknown';
  const release = facts.osRelease ? `${facts.osRelease.id} ${facts.osRelease.versionId}`.trim() : 'unknown';
  const version = facts.osRelease?.versionId ?? '';
  const manifest = {
    format: 1,
    image: name,
    release,
    platform,
    version,
    date: new Date().toISOString().slice(0, 10).replaceAll('-', ''),
    artifact: artifactOf(packed),
    inputs,
    tools: { compressor: packed.compressor },
    ...contentOf(facts),
  };
  // A library that only this needs, and that takes a while to load.
  const { sbom } = await import('../attest/sbom.ts');

  const image = { name, version, release, platform };
  const texts = new Map([
    [join(dirname(packed.path), `${name}.facts.json`), JSON.stringify(evidence)],
    [names.manifest, `${JSON.stringify(manifest, null, 2)}\n`],
    [names.sbom, sbom({ image, artifact: packed, facts, toolVersion: packageVersion() })],
  ]);
  const sums = [{ name: basename(packed.path), sha256: packed.sha256 }];
  for (const [path, text] of texts)
    sums.push({ name: basename(path), sha256: createHash('sha256').update(text).digest('hex') });
  const others = (await sumsOf(names.sums)).filter(({ name: other }) =>
    sums.every((sum) => sum.name !== other),
  );
  texts.set(names.sums, formatSums([...others, ...sums]));
  for (const [path, text] of texts) await writeFileAtomic(path, text);
  return [...texts.keys()];
}

/** Entries of other images of this folder are kept. */
async function sumsOf(path: string) {
  const text = await readBoundedText(path).catch(() => '');
  return parseSums(text) ?? [];
}
