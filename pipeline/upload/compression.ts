import { open } from 'node:fs/promises';
import { fromSystemError } from '../errors/fault.ts';
import { formatOf, MAGIC_BYTES } from '../image/magic.ts';

/** What a file's first bytes say against its file type, or null. MAAS stores what it is told, and curtin unpacks by that. */
export async function typeProblem(file: string, filetype: string): Promise<string | null> {
  const { format, name } = formatOf(await head(file));
  const wanted = compressionOf(filetype);
  if (format === wanted) return null;
  const is = format === 'none' ? 'not compressed' : name;
  return `${file} is ${is}, and the file type ${filetype} means ${wanted === 'none' ? 'no compression' : wanted}`;
}

function compressionOf(filetype: string) {
  if (filetype.endsWith('gz')) return 'gzip';
  if (filetype.endsWith('xz')) return 'xz';
  return /bz2?$/.test(filetype) ? 'bzip2' : 'none';
}

async function head(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file, 'r');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw fromSystemError(error, `reading ${file}`);
  }
}
