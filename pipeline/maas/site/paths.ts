import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** A path that a site file names, from the file's own folder or from home. */
export function absolute(file: string, base: string): string {
  return file === '~' || file.startsWith('~/') ? join(homedir(), file.slice(1)) : resolve(base, file);
}
