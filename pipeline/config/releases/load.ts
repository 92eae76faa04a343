import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../core/faults/fault.ts';
import { suggest } from '../../core/text/suggest.ts';
import { packageRoot } from '../../host/process/package-root.ts';
import type { ArchiveRelease, IsoRelease, Release } from '../types.ts';
import { quoted } from '../yaml/problem.ts';

const FOLDER = 'templates/releases';

const loaded = new Map<string, Promise<Release>>();

/** Names of the catalogue's releases: the files of templates/releases; sorted. */
export async function releaseIds(): Promise<string[]> {
  const files = await readdir(join(packageRoot(), FOLDER));
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();
}

/**
 * One release of the catalogue.
 * @throws Fault RELEASE_UNKNOWN with the releases there are; CONFIG_INVALID when its file does not keep to the schema
 */
export async function loadRelease(id: string): Promise<Release> {
  const known = await releaseIds();
  if (!known.includes(id)) {
    const meant = suggest(id, known);
    throw new Fault(
      'RELEASE_UNKNOWN',
      `There is no release ${quoted(id)}${meant ? `. Did you mean ${quoted(meant)}?` : ''}`,
      { hint: `The releases are: ${known.join(', ')}.` },
    );
  }
  let release = loaded.get(id);
  if (!release) {
    release = read(id);
    loaded.set(id, release);
  }
  return release;
}

/** All releases of the catalogue, by name. */
export async function listReleases(): Promise<Release[]> {
  return Promise.all((await releaseIds()).map(loadRelease));
}

async function read(id: string): Promise<Release> {
  const file = join(packageRoot(), FOLDER, `${id}.yaml`);
  // It loads the reader of YAML; most commands name no release.
  const { parseRelease } = await import('./parse-release.ts');
  return parseRelease(id, file, await readFile(file, 'utf8'));
}

/**
 * The installation of a release from its ISO.
 * @throws Fault CONFIG_INVALID for a release that has none
 */
export function isoOf(release: Release): IsoRelease {
  if (release.iso) return release.iso;
  throw new Fault('CONFIG_INVALID', `${release.title} cannot be installed from an ISO`, {
    hint: 'Remove `iso:`, and install it from an archive.',
  });
}

/**
 * The installation of a release without an ISO.
 * @throws Fault CONFIG_INVALID for a release that cannot be
 */
export function archiveOf(release: Release): ArchiveRelease {
  if (release.archive) return release.archive;
  throw new Fault('CONFIG_INVALID', `${release.title} can be installed from its ISO only`, {
    hint: 'Remove `archive:`, and name its ISO in `iso:`.',
  });
}
