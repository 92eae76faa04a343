import { constants, copyFile, link, rename, rm } from 'node:fs/promises';
import { $ } from '../../host/process/tool.ts';
import { readImage } from '../read/read-image.ts';
import type { PackedRoot, PackRootOptions } from './root.ts';

/**
 * Takes over the tgz that packer-maas' own scripts have made: as it is, read once for its digest and its facts. The
 * original stays in its place, since the build stage counts as done only while its output stands.
 * @throws Fault IMAGE_UNREADABLE
 */
export async function adoptTgz(
  tgz: string,
  out: string,
  { emit, signal }: PackRootOptions,
): Promise<PackedRoot> {
  const { facts, stream, sha256, size } = await readImage(tgz, { emit, signal });
  await share(tgz, out);
  const tar = await $({ signal, nothrow: true })`tar --version`;
  return {
    path: out,
    sha256,
    size,
    tarBytes: facts.archive.tarBytes,
    compressor: `packer-maas tar-root, ${tar.stdout.split('\n', 1)[0]}`,
    facts,
    stream,
  };
}

/** A hard link where the file system has them, else a copy; `to` appears only when whole. */
async function share(from: string, to: string): Promise<void> {
  const partial = `${to}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    await link(from, partial);
  } catch {
    await copyFile(from, partial, constants.COPYFILE_FICLONE);
  }
  await rename(partial, to);
  // Renaming a link to the same file is not a change: both names are kept.
  await rm(partial, { force: true });
}
