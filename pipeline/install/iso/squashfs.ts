import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../core/faults/fault.ts';
import { $ } from '../../host/process/tool.ts';
import { copyOut } from './extract.ts';
import { type IsoFile, joinExtents } from './listing.ts';

/**
 * Names of the files in one folder of a squashfs that lies in an ISO; empty when there is no such folder.
 * The squashfs is read in place; only one that lies in pieces is copied to `tmp` first.
 * @throws Fault ISO_NOT_DGX when the file is not a squashfs
 */
export async function listSquashfs(
  iso: string,
  squashfs: IsoFile,
  folder: string,
  options: { signal?: AbortSignal; tmp?: string } = {},
): Promise<string[]> {
  const [extent, ...more] = joinExtents(squashfs.extents);
  if (extent && more.length === 0)
    return await list(iso, extent.offset, squashfs.path, folder, options.signal);
  const dir = await mkdtemp(join(options.tmp ?? tmpdir(), 'squashfs-'));
  try {
    const copy = join(dir, 'filesystem.squashfs');
    await copyOut(iso, squashfs, copy, options.signal);
    return await list(copy, 0, squashfs.path, folder, options.signal);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function list(
  file: string,
  offset: number,
  name: string,
  folder: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const { exitCode, stdout, stderr } = await $({
    signal,
    nothrow: true,
    reason: "read the ISO's squashfs",
    keep: 64_000_000,
  })`unsquashfs -o ${offset} -l ${file} ${folder}`;
  if (exitCode !== 0)
    throw new Fault('ISO_NOT_DGX', `${name} in the ISO cannot be read as a squashfs`, {
      detail: stderr.trim().split('\n').slice(-4).join('\n'),
    });
  const prefix = `squashfs-root/${folder}/`;
  return stdout
    .split('\n')
    .filter((line) => line.startsWith(prefix) && !line.slice(prefix.length).includes('/'))
    .map((line) => line.slice(prefix.length));
}
