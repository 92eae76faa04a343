import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../core/faults/fault.ts';
import { suggest } from '../../core/text/suggest.ts';
import { packageRoot } from '../../host/process/package-root.ts';
import type { ArchiveRelease, IsoRelease, Release } from '../types.ts';
import { quoted } from '../yaml/problem.ts';
import { archiveWithDefaults, type RawArchive } from './archive.ts';
import { catalogueData } from './catalogue-file.ts';
import { loadPlatforms } from './platforms.ts';

const FOLDER = 'templates/releases';
const SCHEMA = 'templates/releases/release.schema.json';

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
  return parseRelease(id, file, await readFile(file, 'utf8'));
}

/**
 * A release from the text of its file; what the file leaves out is null or empty.
 * @param file the name that messages show
 */
export function parseRelease(id: string, file: string, text: string): Release {
  const written = catalogueData(SCHEMA, file, text) as RawRelease;
  const known = loadPlatforms();
  const missing = written.platforms.find((name) => !known.has(name));
  if (missing !== undefined)
    throw new Fault('CONFIG_INVALID', `${file}: ${quoted(missing)} is not in templates/platforms.yaml`);
  return {
    ...written,
    id,
    iso: written.iso ? withDefaults(written.iso) : null,
    archive: written.archive ? archiveWithDefaults(written.archive, written.platforms, file) : null,
    licence: written.licence ?? null,
    platforms: Object.fromEntries(written.platforms.map((name) => [name, known.get(name)!])),
    hook: written.hook ?? null,
  };
}

/** As its file has it. */
interface RawRelease extends Omit<Release, 'id' | 'iso' | 'archive' | 'licence' | 'platforms'> {
  iso?: Partial<IsoRelease>;
  archive?: RawArchive;
  licence?: string;
  platforms: string[];
}

function withDefaults({ liveCurtin, subiquity, knownIsos }: Partial<IsoRelease>): IsoRelease {
  return {
    liveCurtin: liveCurtin
      ? {
          ...liveCurtin,
          installer: 'live-curtin',
          medium: {
            ...liveCurtin.medium,
            platformFile: liveCurtin.medium.platformFile ?? null,
            volumeIds: liveCurtin.medium.volumeIds ?? [],
          },
        }
      : null,
    subiquity: subiquity
      ? { ...subiquity, installer: 'subiquity', platformNames: subiquity.platformNames ?? {} }
      : null,
    knownIsos: knownIsos ?? [],
  };
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
