import { Fault } from '../../core/faults/fault.ts';

/** A file of MAAS' ephemeral system as a mirror or a MAAS offers it. */
export interface BootFile {
  url: string;
  sha256: string;
  /** Its size. */
  bytes: number;
}

export const PARTS = ['kernel', 'initrd', 'squashfs'] as const;
export type Part = (typeof PARTS)[number];

/** MAAS' name of each part: the `ftype` of simplestreams, the `filetype` of its API. */
export const FILE_TYPES: Record<Part, string> = {
  kernel: 'boot-kernel',
  initrd: 'boot-initrd',
  squashfs: 'squashfs',
};

/** Bytes; those of Ubuntu 24.04 have 15 MB, 70 MB and 350 MB. */
const MOST: Record<Part, number> = { kernel: 512 << 20, initrd: 2 ** 31, squashfs: 2 ** 34 };

/** An ephemeral system that is elsewhere, with the sums that its files must have. */
export interface OfferedEphemeral {
  from: 'mirror' | 'maas';
  /** Of what system it is, where it is from, and who signed that: for the output and the record. */
  name: string;
  files: Record<Part, BootFile>;
  /** PEM file of the authority that its server alone is trusted by. */
  caCert: string | null;
}

/** The system that a rehearsal needs. */
export interface WantedEphemeral {
  /** Such as `jammy`. */
  series: string;
  /** Null: `ga-NN.04`, else `generic`. */
  subarch: string | null;
  /** Null: the newest. */
  version: string | null;
}

/** One series for one kernel, in one version. */
export interface Offer {
  /** `ubuntu/jammy`. */
  release: string;
  /** `amd64/ga-22.04`. */
  architecture: string;
  version: string;
  /** By their types; not yet examined. */
  files: Map<string, { path: string; sha256: unknown; size: unknown }>;
}

/** The architecture of a rehearsal's machine. */
const ARCH = 'amd64';
const GENERAL = /^ga-\d\d\.\d\d$/;
const SHA256 = /^[0-9a-f]{64}$/i;
/** Names that a message lists. */
const LISTED = 12;

/**
 * Chooses among what a place has.
 * @param place for messages: its URL
 * @throws Fault EPHEMERAL_UNUSABLE with what there is
 */
export function choose(offers: readonly Offer[], wanted: WantedEphemeral, place: string): Offer {
  const { series, subarch, version } = wanted;
  const ofSeries = offers.filter(({ release, architecture }) => {
    const [arch] = architecture.split('/');
    return release === `ubuntu/${series}` && arch === ARCH;
  });
  const kernelOf = ({ architecture }: Offer) => architecture.slice(ARCH.length + 1);
  const ofKernel =
    subarch === null
      ? (firstFull(
          ofSeries.filter((one) => GENERAL.test(kernelOf(one))),
          ofSeries.filter((one) => kernelOf(one) === 'generic'),
        ) ?? [])
      : ofSeries.filter((one) => kernelOf(one) === subarch);
  if (ofKernel.length === 0) {
    const what = `ubuntu/${series} for ${ARCH}/${subarch ?? 'ga-NN.04'}`;
    throw unusable(
      `${place} does not have ${what}`,
      has(offers.map((one) => `${one.release} ${one.architecture}`)),
    );
  }
  const chosen =
    version === null
      ? ofKernel.filter(isWhole).sort((a, b) => compareVersions(b.version, a.version))[0]
      : ofKernel.find((one) => one.version === version);
  const [{ release, architecture } = { release: '', architecture: '' }] = ofKernel;
  if (!chosen && version !== null)
    throw unusable(
      `${place} does not have version ${version} of ${release} ${architecture}`,
      has(
        ofKernel
          .map((one) => one.version)
          .sort(compareVersions)
          .reverse(),
      ),
    );
  if (!chosen || !isWhole(chosen))
    throw unusable(
      `${place} has no version of ${release} ${architecture} with ${Object.values(FILE_TYPES).join(', ')}`,
      'A mirror may leave files out; wait for the end of an import, or name another subarch or version.',
    );
  return chosen;
}

const firstFull = <T>(...lists: T[][]) => lists.find((one) => one.length > 0);
const isWhole = ({ files }: Offer) => PARTS.every((part) => files.has(FILE_TYPES[part]));

/** By their numbers: 20260801.10 is after 20260801.9. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((one) => one.split('.'));
  for (let at = 0; at < Math.max(left!.length, right!.length); at += 1) {
    const [x = '', y = ''] = [left![at], right![at]];
    const numbers = /^\d{1,15}$/.test(x) && /^\d{1,15}$/.test(y);
    const order = numbers ? Number(x) - Number(y) : x < y ? -1 : x > y ? 1 : 0;
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * The files of an offer, with sums and sizes that can be verified.
 * @param urlOf the address of a path that the offer names
 * @throws Fault EPHEMERAL_UNUSABLE
 */
export function bootFiles(
  { files, release, version }: Offer,
  place: string,
  urlOf: (path: string) => string,
): Record<Part, BootFile> {
  const one = (part: Part): BootFile => {
    const type = FILE_TYPES[part];
    const { path, sha256, size } = files.get(type)!;
    const bytes = typeof size === 'string' && /^\d{1,15}$/.test(size) ? Number(size) : size;
    const wrong =
      typeof sha256 !== 'string' || !SHA256.test(sha256)
        ? 'without a SHA-256'
        : !Number.isSafeInteger(bytes) || (bytes as number) < 1
          ? 'without a size'
          : (bytes as number) > MOST[part]
            ? `of ${bytes} bytes, more than ${MOST[part]}`
            : null;
    if (wrong !== null)
      throw unusable(
        `${place} has ${type} of ${release} ${version} ${wrong}`,
        'Report it to the keeper of the mirror, or name another version.',
      );
    return { url: urlOf(path), sha256: (sha256 as string).toLowerCase(), bytes: bytes as number };
  };
  return { kernel: one('kernel'), initrd: one('initrd'), squashfs: one('squashfs') };
}

/** Whether a path leads down from its root and nowhere else. */
export const isInside = (path: string) =>
  path.length <= 1000 &&
  path.split('/').every((step) => /^[A-Za-z0-9._~+:@=,-]+$/.test(step) && !/^\.+$/.test(step));

/** The fault for a place that does not have what it should. */
export const unusable = (message: string, hint: string, cause?: unknown) =>
  new Fault('EPHEMERAL_UNUSABLE', message, { hint, cause });

function has(all: readonly string[]): string {
  const names = [...new Set(all)];
  if (names.length === 0) return 'It has nothing that machines boot from.';
  const more = names.length > LISTED ? `, and ${names.length - LISTED} more` : '';
  return `It has: ${names.slice(0, LISTED).join(', ')}${more}.`;
}
