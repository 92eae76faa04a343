import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Eta } from 'eta';
import { stringify } from 'yaml';
import { packageRoot } from '../host/process/package-root.ts';
import { variableOf } from './given.ts';
import { loadRelease, releaseIds } from './releases/load.ts';
import { GIB } from './units.ts';
import { CONFIG_SCHEMA } from './yaml/schema.ts';

const TEMPLATE = 'templates/dgxos-maas.yaml';
const NO_SUM = '0'.repeat(64);

/**
 * A commented dgxos-maas.yaml for the first platform of a release, naming the newest ISO whose sum is known.
 * @param file where it will stand (absolute): the editors' modeline is relative to it
 * @throws Fault RELEASE_UNKNOWN
 */
export async function initialConfig(releaseId: string, file: string): Promise<string> {
  const release = await loadRelease(releaseId);
  const { vm, defaults } = release;
  const platforms = Object.keys(release.platforms);
  const platform = platforms[0]!;
  const iso = release.knownIsos[0];
  const template = await readFile(join(packageRoot(), TEMPLATE), 'utf8');
  const eta = new Eta({ autoEscape: false, autoTrim: false });
  return eta.renderString(template, {
    schema: schemaReference(file),
    image: platform,
    variable: variableOf('<IMAGE>', platform),
    release: release.id,
    releases: (await releaseIds()).join(', '),
    platform,
    platformsNote: `Known: ${platforms.join(', ')}${release.openPlatforms ? '; the ISO may have others.' : '.'}`,
    version: scalar(/\d+\.\d+/.exec(iso?.file ?? '')?.[0] ?? '1.0'),
    iso: iso?.file ?? 'installer.iso',
    sha256: scalar(iso?.sha256 ?? NO_SUM),
    sumNote: iso
      ? 'Compare it with the sha256 that came with your download.'
      : 'Put the output of sha256sum here; zeros never match.',
    diskSize: `${vm.diskBytes / GIB}G`,
    memory: `${vm.memoryMiB}M`,
    cpus: vm.cpus,
    installTimeout: vm.installTimeoutS % 60 ? `${vm.installTimeoutS}s` : `${vm.installTimeoutS / 60}m`,
    resourceName: scalar(defaults.resourceName),
    title: scalar(defaults.title),
    architecture: release.architecture,
    baseImage: release.baseImage,
  });
}

/** Relative when the schema lies below the file's folder, as in a clone or in node_modules. */
function schemaReference(file: string): string {
  const schema = join(packageRoot(), CONFIG_SCHEMA);
  const below = relative(dirname(file), schema);
  return below.startsWith('..') ? schema : below;
}

/** The value in YAML, in quotes so that no number is made of it. */
function scalar(value: string): string {
  return stringify(value, { defaultStringType: 'QUOTE_DOUBLE', lineWidth: 0 }).trim();
}
