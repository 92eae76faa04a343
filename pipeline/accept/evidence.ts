import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fromSystemError } from '../errors/fault.ts';

/** Names of folders in which an acceptance is under way; no target's name begins like it. */
export const UNDER_WAY = '.new-';

/**
 * Makes the empty folder in which an acceptance writes, beside `dir`: what is in `dir` stays until there is a result.
 * @returns its path
 * @throws Fault DISK_FULL, NO_PERMISSION
 */
export async function beginEvidence(dir: string): Promise<string> {
  const fresh = join(dirname(dir), `${UNDER_WAY}${basename(dir)}`);
  try {
    await discardEvidence(fresh);
    await mkdir(fresh, { recursive: true });
  } catch (error) {
    throw fromSystemError(error, `making ${fresh}`);
  }
  return fresh;
}

/** Puts a whole result in the place of an earlier one. @throws Fault NO_PERMISSION */
export async function replaceEvidence(fresh: string, dir: string): Promise<void> {
  try {
    await rm(dir, { recursive: true, force: true });
    await rename(fresh, dir);
  } catch (error) {
    throw fromSystemError(error, `writing ${dir}`);
  }
}

export async function discardEvidence(fresh: string): Promise<void> {
  await rm(fresh, { recursive: true, force: true });
}
