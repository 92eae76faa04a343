import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Fault } from '../errors/fault.ts';
import { readRecord } from '../run/record.ts';
import type { Description } from './description.ts';
import { describeJson } from './json-file.ts';

/**
 * The artifact that lies in an image's folder of the workspace, by what its stage `pack` found.
 * @throws Fault IMAGE_NOT_BUILT when there is none
 */
export async function describeBuilt(imageDir: string, name = basename(imageDir)): Promise<Description> {
  const record = await readRecord(imageDir, 'pack');
  const facts = await readFile(join(imageDir, 'pack', 'facts.json'), 'utf8').catch(() => undefined);
  if (!record || facts === undefined)
    throw new Fault('IMAGE_NOT_BUILT', `Image ${name} has no finished artifact in ${imageDir}`, {
      hint: `dgxos-maas run ${name} makes one.`,
    });
  const { sha256, size, date } = record.data.artifact;
  return { ...describeJson(name, facts), sha256, size, date };
}
