import { expectImageName } from '../../config/image-name.ts';
import type { TargetConfig } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { ApiKey } from '../api/api-key.ts';

/** The file types that MAAS 2.8 to 3.8 take, and the endings of file names that mean them; the longest ending counts. */
export const FILETYPES: Readonly<Record<string, readonly string[]>> = {
  tgz: ['.tgz', '.tar.gz'],
  tbz: ['.tbz', '.tbz2', '.tar.bz2'],
  txz: ['.txz', '.tar.xz'],
  ddtgz: ['.ddtgz', '.dd.tgz', '.dd.tar.gz'],
  ddtbz: ['.ddtbz', '.dd.tbz', '.dd.tar.bz2'],
  ddtxz: ['.ddtxz', '.dd.txz', '.dd.tar.xz'],
  ddtar: ['.ddtar', '.dd.tar'],
  ddbz2: ['.ddbz2', '.dd.bz2', '.raw.bz2', '.img.bz2'],
  ddgz: ['.ddgz', '.dd.gz', '.raw.gz', '.img.gz'],
  ddxz: ['.ddxz', '.dd.xz', '.raw.xz', '.img.xz'],
  ddraw: ['.ddraw', '.dd', '.raw', '.img'],
};

/** The file to upload, and its target. */
export interface UploadRequest {
  target: TargetConfig;
  key: ApiKey;
  /** Absolute path. */
  file: string;
  /** Bytes. */
  size: number;
  /** 64 hexadecimal digits, in lower case. */
  sha256: string;
  /** See `KnownFile`. */
  identity?: string | undefined;
  /** With or without `custom/`. */
  name: string;
  title: string;
  /** Such as amd64/generic. */
  architecture: string;
  /** Such as ubuntu/focal. */
  baseImage: string;
  /** One of FILETYPES. */
  filetype: string;
  /** Seconds without any advance before it is given up. */
  patienceS: number;
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
  /** Names the progress line. */
  id: string;
  /** Make a new set although MAAS has this artifact, and let it delete every other one: what is in use included. */
  anew?: boolean;
  /** The image's name in the configuration, for the ledger. */
  image?: string;
  /** Whether its checks have passed, for the ledger: only then it may be promoted to a channel. */
  validated?: boolean;
}

export interface UploadResult {
  resourceId: number;
  /** As MAAS stores it, without `custom/`. */
  name: string;
  /** Version of the set, such as 20261122.1. */
  set: string;
  sha256: string;
  /** Bytes. */
  size: number;
  /** Bytes of the artifact that left this host, those sent twice counted twice. */
  sent: number;
  /** MAAS had it already. */
  skipped: boolean;
  seconds: number;
  maasVersion: string;
}

/** The file type by the ending of a file's name, tgz where it has none that is known. */
export function filetypeOf(file: string): string {
  const name = file.toLowerCase();
  const endings = Object.entries(FILETYPES).flatMap(([type, all]) => all.map((ending) => ({ type, ending })));
  const fitting = endings.filter(({ ending }) => name.endsWith(ending));
  return fitting.sort((a, b) => b.ending.length - a.ending.length)[0]?.type ?? 'tgz';
}

/**
 * Refuses before anything is sent what MAAS takes wrongly or fails on, instead of refusing it.
 * @throws Fault USAGE
 */
export function checkRequest(request: UploadRequest): void {
  const { name, size, filetype, sha256, file, baseImage } = request;
  expectImageName(name);
  if (size <= 0) throw new Fault('USAGE', `${file} is empty`, { hint: 'Build and pack the image again.' });
  if (!(filetype in FILETYPES))
    throw new Fault('USAGE', `MAAS has no file type "${filetype}"`, {
      hint: `Use one of ${Object.keys(FILETYPES).join(', ')} (--filetype).`,
    });
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new Fault('USAGE', `"${sha256}" is not a sha256 sum in lower case`);
  if (!/^[^/\s]+\/[^/\s]+$/.test(baseImage))
    throw new Fault('USAGE', `"${baseImage}" is not a base image`, {
      hint: 'Give it like ubuntu/focal (--base-image).',
    });
}
