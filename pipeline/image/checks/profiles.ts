import { Fault } from '../../core/faults/fault.ts';
import type { Severity } from './types.ts';

/** The checks for a kind of image, and the severity of each. */
export interface Profile {
  id: string;
  title: string;
  /** The system that /etc/os-release must name; `base-image`: the same as the base image. */
  system: 'base-image' | readonly string[];
  /** Taken when no base image is named. */
  baseImage: string | null;
  /** Whether the image must bring its own /curtin/curtin-hooks. */
  hook: 'required' | 'optional';
  /** Whether NVIDIA's driver and kernel belong in it. */
  nvidia: boolean;
  /** Below this nothing can be a whole root file system. */
  least: { members: number; bytes: number };
  /** Bytes of files above which the image is called too large; null: no budget. */
  budget: number | null;
  /** Severities that differ from the table's, by check id. */
  severity: Readonly<Record<string, Severity>>;
  /** Checks that make no sense here, with the reason. */
  exempt: Readonly<Record<string, string>>;
}

const DGX = {
  system: 'base-image',
  hook: 'required',
  nvidia: true,
  least: { members: 10_000, bytes: 500_000_000 },
  budget: 40_000_000_000,
  severity: {},
  exempt: {},
} as const satisfies Partial<Profile>;

const NO_NVIDIA = 'this kind of image has no software from NVIDIA';

export const PROFILES = {
  dgxos: {
    id: 'dgxos',
    title: 'DGX OS, the release that the base image belongs to',
    ...DGX,
    baseImage: null,
  },
  dgxos5: { id: 'dgxos5', title: 'DGX OS 5 (Ubuntu 20.04)', ...DGX, baseImage: 'ubuntu/focal' },
  dgxos6: { id: 'dgxos6', title: 'DGX OS 6 (Ubuntu 22.04)', ...DGX, baseImage: 'ubuntu/jammy' },
  dgxos7: { id: 'dgxos7', title: 'DGX OS 7 (Ubuntu 24.04)', ...DGX, baseImage: 'ubuntu/noble' },
  dgxos8: { id: 'dgxos8', title: 'DGX OS 8, preview (Ubuntu 26.04)', ...DGX, baseImage: 'ubuntu/resolute' },
  demo: {
    id: 'demo',
    title: 'The demo installer’s small Debian',
    // MAAS knows no Debian as a base image, so the two cannot be compared.
    system: ['debian', 'ubuntu'],
    baseImage: null,
    // The pipeline puts the same hook into the demo as into DGX OS.
    hook: 'required',
    nvidia: false,
    least: { members: 1000, bytes: 50_000_000 },
    budget: 4_000_000_000,
    severity: {},
    exempt: {
      'nvidia-module': NO_NVIDIA,
      'eula-diversion': NO_NVIDIA,
      snapd: 'Debian has no snapd by default, and the sandbox has no proxy to set',
      firmware: 'the demo runs in virtual machines, and Debian has no package of that name',
    },
  },
  'any-ubuntu': {
    id: 'any-ubuntu',
    title: 'Any Ubuntu root for MAAS',
    system: 'base-image',
    baseImage: null,
    hook: 'optional',
    nvidia: false,
    least: { members: 1000, bytes: 50_000_000 },
    budget: null,
    severity: {},
    exempt: {
      'nvidia-module': NO_NVIDIA,
      'eula-diversion': NO_NVIDIA,
      'dgx-identity': 'only DGX OS has tokens and /etc/dgx-release',
    },
  },
} as const satisfies Record<string, Profile>;

export type ProfileId = keyof typeof PROFILES;

/**
 * The profile of that name.
 * @throws Fault USAGE that names the profiles there are
 */
export function profileOf(id: string): Profile {
  if (Object.hasOwn(PROFILES, id)) return PROFILES[id as ProfileId];
  throw new Fault('USAGE', `There is no profile "${id}"`, {
    hint: `Profiles: ${Object.keys(PROFILES).join(', ')}.`,
  });
}
