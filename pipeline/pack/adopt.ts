import { rename } from 'node:fs/promises';
import { validateFile } from '../checks/validate-file.ts';
import { run } from '../process/run.ts';
import type { PackedRoot, PackRootOptions } from './root.ts';

/**
 * Takes over the tgz that packer-maas' own scripts have made: as it is, read once for its digest and its facts.
 * @throws Fault IMAGE_UNREADABLE
 */
export async function adoptTgz(
  tgz: string,
  out: string,
  { emit, signal }: PackRootOptions,
): Promise<PackedRoot> {
  const { facts, stream, sha256, size } = await validateFile(tgz, { profile: 'any-ubuntu', emit, signal });
  await rename(tgz, out);
  const tar = await run(['tar', '--version'], { signal });
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
