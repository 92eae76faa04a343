import { Fault } from '../../core/faults/fault.ts';
import type { IsoRelease, Release } from '../types.ts';
import { quoted } from '../yaml/problem.ts';
import { archiveWithDefaults, type RawArchive } from './archive.ts';
import { catalogueData } from './catalogue-file.ts';
import { loadPlatforms } from './platforms.ts';

const SCHEMA = 'templates/releases/release.schema.json';

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
