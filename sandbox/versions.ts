import { SandboxError } from './error.ts';

/** The differences between the versions of MAAS; everything else is the same from 2.8 to 3.8. */
export interface Traits {
  /** major.minor, such as "3.4". */
  version: string;
  /** The answer of `version/`. */
  release: string;
  /** 3.1.0 asks for it, from 3.2 the commissioning series is taken. */
  baseImage: 'absent' | 'required' | 'defaulted';
  /**
   * The location of the bytes, and the measure of progress. `shared`: one large object for each sha256 (up to 3.4).
   * `partial`: one file for each sha256, sent into a second one that takes its place when complete (3.5-3.7); the progress
   * is each upload's own, so two uploads of the same data end each other. `appended`: one file for each sha256, appended to,
   * with the progress kept apart from it (3.8), so the two can part company.
   */
  storage: 'shared' | 'partial' | 'appended';
  /** Files have their name on disk in answers (3.5.2+). */
  filenameOnDisk: boolean;
  /** Regions hold their own copies (3.5+); before there is one database. */
  regionCopies: boolean;
  lastDeployed: boolean;
  /** `generated` as a ?type= (before 3.5). */
  generatedType: boolean;
  inlineContent: boolean;
  /** POST /MAAS/a/v3/custom_images (3.8). */
  customImages: boolean;
  /** Subnets say which boot architectures they leave alone (3.0+). */
  disabledBootArchitectures: boolean;
  /** Subnets may not overlap (3.7+). */
  refusesSubnetOverlap: boolean;
  /** Boot sources have a name, a priority and a switch (3.8). */
  namedSources: boolean;
  /** MAAS' own list in its own order, as error messages show it. */
  osystems: string[];
  /** Those a base image may name. */
  linux: string[];
}

const OSYSTEMS = ['ubuntu', 'ubuntu-core', 'bootloader', 'centos', 'rhel', 'custom', 'windows', 'suse'];

const RELEASES = new Map(
  Object.entries({
    '2.8': '2.8.7',
    '2.9': '2.9.3',
    '3.0': '3.0.1',
    '3.1': '3.1.0',
    '3.2': '3.2.11',
    '3.3': '3.3.10',
    '3.4': '3.4.10',
    '3.5': '3.5.13',
    '3.6': '3.6.3',
    '3.7': '3.7.2',
    '3.8': '3.8.0',
  }),
);

export const VERSIONS = [...RELEASES.keys()];

/** The behaviour of one version of MAAS, given as major.minor (its newest release) or as a release such as 3.5.3. */
export function traitsOf(given: string): Traits {
  const [, version = '', patch] = /^(\d+\.\d+)(?:\.(\d{1,3}))?$/.exec(given) ?? [];
  const newest = RELEASES.get(version);
  const newestPatch = Number(newest?.split('.')[2]);
  if (newest === undefined || Number(patch ?? 0) > newestPatch)
    throw new SandboxError('USAGE', `The sandbox does not know MAAS ${given}`, {
      hint: `It imitates ${VERSIONS.join(', ')}, and releases of them up to ${[...RELEASES.values()].join(', ')}.`,
    });
  const release = patch === undefined ? newest : given;
  const minor = Number(version.replace('.', ''));
  const files = minor >= 35;
  return {
    version,
    release,
    baseImage: minor <= 30 ? 'absent' : minor === 31 ? 'required' : 'defaulted',
    storage: minor >= 38 ? 'appended' : files ? 'partial' : 'shared',
    filenameOnDisk: minor >= 36 || (files && Number(patch ?? newestPatch) >= 2),
    regionCopies: files,
    lastDeployed: minor >= 34,
    generatedType: !files,
    inlineContent: minor < 38,
    customImages: minor >= 38,
    disabledBootArchitectures: minor >= 30,
    refusesSubnetOverlap: minor >= 37,
    namedSources: minor >= 38,
    osystems: [
      ...OSYSTEMS,
      ...(files ? ['esxi', 'ol'] : ['caringo', 'esxi']),
      ...(minor >= 38 ? ['onie'] : []),
    ],
    linux: ['ubuntu', 'centos', 'rhel', ...(files ? ['ol'] : [])],
  };
}
