import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fromSystemError } from '../core/faults/fault.ts';
import { ROWS } from '../stages/rows.ts';
import { programDigest, programVersion } from '../workspace/program.ts';
import type { Origin } from './unit.ts';

/**
 * The identity of this program and of a configuration file, by which submitters and workers find each other.
 * @param file the configuration file; null: there is none
 */
export async function originOf(file: string | null): Promise<Origin> {
  const program = programDigest(ROWS.flatMap(({ code }) => code));
  return {
    version: programVersion(),
    program: createHash('sha256').update(program).digest('hex'),
    config: await configDigest(file),
  };
}

/** SHA-256 of the file. Settings of the environment, such as the workspace, are each host's own. */
export async function configDigest(file: string | null): Promise<string> {
  const hash = createHash('sha256');
  if (file === null) return hash.digest('hex');
  try {
    return hash.update(await readFile(file)).digest('hex');
  } catch (error) {
    throw fromSystemError(error, `reading ${file}`);
  }
}
