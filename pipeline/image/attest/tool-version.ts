import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../host/process/package-root.ts';

/** The version of dgxos-maas. */
export async function toolVersion(): Promise<string> {
  return (JSON.parse(await readFile(join(packageRoot(), 'package.json'), 'utf8')) as { version: string })
    .version;
}
