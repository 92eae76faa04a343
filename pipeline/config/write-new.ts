import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { Fault, fromSystemError } from '../core/faults/fault.ts';
import { makeFolders } from '../host/files/folders.ts';

/**
 * Writes a file that must not be there yet; with `replace` it may, and is replaced whole or not at all.
 * @throws Fault FILE_EXISTS
 */
export async function writeNew(file: string, text: string, replace: boolean): Promise<void> {
  try {
    await makeFolders(dirname(file));
  } catch (error) {
    throw fromSystemError(error, `creating the folder of ${file}`);
  }
  try {
    if (replace) await writeFileAtomic(file, text);
    else await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new Fault('FILE_EXISTS', `${file} already exists`, { hint: 'Overwrite it with --force.' });
    throw fromSystemError(error, `writing ${file}`);
  }
}
