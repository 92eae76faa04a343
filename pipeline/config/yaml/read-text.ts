import { relative } from 'node:path';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { NotRegular, readBounded } from '../../host/files/regular.ts';

/**
 * The text of a file that a user named.
 * @param hint what to do when it is not there
 * @param missing the message then
 * @throws Fault CONFIG_NOT_FOUND; CONFIG_SYNTAX when it is not UTF-8
 */
export async function readText(
  file: string,
  hint?: string,
  missing = `There is no file ${file}`,
): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readBounded(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new Fault('CONFIG_NOT_FOUND', missing, hint === undefined ? {} : { hint });
    if (error instanceof NotRegular) throw new Fault('CONFIG_NOT_FOUND', error.message);
    throw fromSystemError(error, `reading ${file}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Fault('CONFIG_SYNTAX', `${file} is not UTF-8 text`);
  }
}

/** The file as messages name it: from the current folder if it is below it. */
export function shownName(file: string, cwd: string): string {
  const short = relative(cwd, file);
  return short.startsWith('..') ? file : short;
}
