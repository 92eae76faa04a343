import { join } from 'node:path';
import { inject } from 'vitest';

/** The command in the clone, which reads each source at each start. */
export const SOURCE_CLI = join(import.meta.dirname, '../bin/dgxos-maas.js');

/** The command as its package has it, made by built.ts of the same sources: it starts in half of the time. */
export const CLI: string = inject('cli') ?? SOURCE_CLI;
