import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Eta } from 'eta';
import { listReleases } from '../../config/releases/load.ts';
import { packageRoot } from '../../host/process/package-root.ts';
import { SITE_SCHEMA } from './load.ts';

/** A commented site.yaml: DeepOps' guide as a file. @param file where it will stand (absolute) */
export async function initialSite(file: string): Promise<string> {
  const template = await readFile(join(packageRoot(), 'templates/site.yaml'), 'utf8');
  return new Eta({ autoEscape: false, autoTrim: false }).renderString(template, {
    schema: schemaReference(dirname(file)),
    selections: await selections(),
  });
}

/** A selection for each Ubuntu series that images of the catalogue are deployed from, with the releases that need it. */
async function selections(): Promise<string> {
  const needed = new Map<string, string[]>();
  for (const { id, baseImage, archive } of await listReleases()) {
    // Not every MAAS has the series of a preview yet.
    if (archive?.preview) continue;
    const series = baseImage.split('/')[1]!;
    needed.set(series, [...(needed.get(series) ?? []), id]);
  }
  return [...needed]
    .sort()
    .map(([series, ids]) => `      - { release: ${series}, arches: [amd64] }    # for ${ids.join(', ')}`)
    .join('\n');
}

/** The schema for the editors' modeline: relative when it lies below the file's folder, as in a clone or in node_modules. */
export function schemaReference(dir: string): string {
  const schema = join(packageRoot(), SITE_SCHEMA);
  const below = relative(dir, schema);
  return below.startsWith('..') ? schema : below;
}
