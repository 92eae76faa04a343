import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { makeFolders } from './folders.ts';
import { kindOf } from './regular.ts';

/** Errors of an output path that are mistakes of the command line. */
const MISTAKES = new Set([
  'ENOTDIR',
  'EEXIST',
  'ENAMETOOLONG',
  'ELOOP',
  'EINVAL',
  'ENOENT',
  'ENXIO',
  'EISDIR',
]);

/**
 * Makes sure, before any work is done, that a file can be written where the user said; a missing folder is made.
 * @param option as the user gave it, such as `--junit`
 * @param folderMode of a folder that is made
 * @throws Fault USAGE for a path where no file can be; NO_PERMISSION, DISK_FULL
 */
export async function prepareOutput(path: string, option: string, folderMode = 0o777): Promise<void> {
  try {
    const there = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (there) {
      const kind = kindOf(there);
      // A terminal, /dev/null, a pipe of the shell: what has no end to overwrite.
      const stream = there.isCharacterDevice() || there.isFIFO();
      if (kind !== undefined && !stream) throw usage(path, option, `it is ${kind}`);
      if (!stream) await access(path, constants.W_OK);
    } else await makeFolders(dirname(resolve(path)), folderMode);
    if (!there || kindOf(there) === undefined) await access(dirname(resolve(path)), constants.W_OK);
  } catch (error) {
    throw fault(error, path, option);
  }
}

/**
 * Makes the folder that a user named for results, before any work is done.
 * @throws Fault as `prepareOutput`
 */
export async function prepareFolder(path: string, option: string): Promise<void> {
  try {
    await makeFolders(path);
    await access(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw usage(path, option, 'it is a file, not a folder');
    throw fault(error, path, option);
  }
}

/**
 * Writes a file where the user said: whole or not at all, in a folder that is made if it is missing. A pipe that nobody reads
 * is refused, not waited for.
 * @throws Fault as `prepareOutput`
 */
export async function writeOutput(path: string, text: string, option: string): Promise<void> {
  await prepareOutput(path, option);
  try {
    const there = await stat(path).catch(() => undefined);
    if (there && kindOf(there) !== undefined) await intoStream(path, text);
    else await writeFileAtomic(path, text);
  } catch (error) {
    throw fault(error, path, option);
  }
}

/** Appends to a file that others write to as well. @throws Fault as `prepareOutput` */
export async function appendOutput(path: string, text: string, option: string): Promise<void> {
  await prepareOutput(path, option);
  try {
    const file = await open(
      path,
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK,
    );
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fault(error, path, option);
  }
}

/** Opened without waiting: it fails at once for a pipe without a reader. A slow reader is waited for. */
async function intoStream(path: string, text: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (let rest = Buffer.from(text); rest.length > 0; ) {
      const { bytesWritten } = await file.write(rest).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EAGAIN') throw error;
        await sleep(20);
        return { bytesWritten: 0 };
      });
      rest = rest.subarray(bytesWritten);
    }
  } finally {
    await file.close();
  }
}

function fault(error: unknown, path: string, option: string): Fault {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (error instanceof Fault || !MISTAKES.has(code))
    return fromSystemError(error, `writing ${path} (${option})`);
  return usage(path, option, code === 'ENXIO' ? 'the reader of this pipe is gone' : reasonOf(error));
}

function usage(path: string, option: string, why: string): Fault {
  return new Fault('USAGE', `${option} ${path} cannot be written: ${why}`, {
    hint: 'Give another path.',
  });
}
