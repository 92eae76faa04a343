import { stat } from 'node:fs/promises';

/** Times as much as its archives that an unpacked system is expected to need, with what is installed in it. */
const GROWTH = 2;

/**
 * Memory, in KiB, that an installation may use in place of the disk: half of what this process may still have, its control group's
 * limit taken into account. Null where that is not surely enough.
 * @param archives the files that are unpacked
 */
export async function memoryFor(
  archives: string[],
  available: number = process.availableMemory(),
): Promise<number | null> {
  const sizes = await Promise.all(archives.map(async (path) => (await stat(path)).size));
  const need = GROWTH * sizes.reduce((sum, size) => sum + size, 0);
  const most = Math.floor(available / 2);
  return need <= most ? Math.floor(most / 1024) : null;
}
