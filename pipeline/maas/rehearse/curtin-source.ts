import { access, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CurtinSource } from '../../config/settings/curtin.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { fetchFile } from '../../host/http/fetch-file.ts';
import { decoded } from '../../host/http/url.ts';
import { digestOf } from '../../image/read/digest.ts';
import { curtinFolder } from '../../workspace/layout.ts';
import { aptDownload } from './apt-download.ts';
import { type FetchedFile, fetchedOnce, foundWhole, keyOf } from './fetched.ts';

/** A curtin on this host: a folder, or .deb files. */
export type CurtinFiles = { folder: string } | { debs: FetchedFile[] };

export interface CurtinWork {
  cache: string;
  emit: Emit;
  signal: AbortSignal;
}

/** The remedy where there is none. */
export const GET_ONE =
  'git clone https://github.com/canonical/curtin, then add --curtin curtin; ' +
  'or on Ubuntu: apt-get download python3-curtin curtin-common, then add --curtin *curtin*.deb';

/** Bytes; python3-curtin of 24.04 has 230,000. */
const LARGEST_DEB = 64 << 20;
const PACKAGES = ['python3-curtin', 'curtin-common'] as const;

/** The address of a curtin, for messages. */
export function curtinName(source: CurtinSource): string {
  if (source.from === 'folder') return source.path;
  if (source.from === 'debs') return source.debs.map(({ at }) => withoutLogin(at)).join(' ');
  return `python3-curtin ${source.version} of ${source.mirror}`;
}

/**
 * The curtin that a user named, on this host: what is elsewhere is fetched once and kept in the cache.
 * @throws Fault CURTIN_MISSING with the commands that get one; DOWNLOAD_FAILED, SUMS_UNTRUSTED, TOOL_MISSING
 */
export async function obtainCurtin(source: CurtinSource | null, work: CurtinWork): Promise<CurtinFiles> {
  if (source === null)
    throw new Fault('CURTIN_MISSING', 'A rehearsal needs curtin, which is not part of dgxos-maas', {
      hint: `${GET_ONE}; or name it once in dgxos-maas.yaml (rehearsal: {curtin: FOLDER})`,
    });
  if (source.from === 'folder') {
    await mustExist(source.path);
    return { folder: source.path };
  }
  if (source.from === 'archive') {
    const packages = PACKAGES.map((name) => `${name}=${source.version}`);
    const files = await fetchedOnce(
      archiveFolder(source, work.cache),
      (to) => aptDownload({ ...source, packages, to, signal: work.signal }),
      work,
    );
    return { debs: files };
  }
  const debs: FetchedFile[] = [];
  for (const deb of await withHelpers(source.debs)) debs.push(await debOf(deb, work));
  return { debs };
}

/** Whether nothing is to be fetched for it. */
export async function curtinIsHere(source: CurtinSource, work: CurtinWork): Promise<boolean> {
  if (source.from === 'archive') return (await foundWhole(archiveFolder(source, work.cache), work)) !== null;
  if (source.from === 'folder') return true;
  const remote = (await withHelpers(source.debs)).filter(({ at }) => isUrl(at));
  const found = await Promise.all(remote.map((deb) => foundWhole(debFolder(deb, work.cache), work)));
  return found.every((files) => files !== null);
}

type Deb = Extract<CurtinSource, { from: 'debs' }>['debs'][number];

const archiveFolder = (
  { version, mirror, suites, keyring }: Extract<CurtinSource, { from: 'archive' }>,
  cache: string,
) => curtinFolder(cache, keyOf(version, mirror, suites.join(' '), keyring));
const debFolder = ({ at, sha256 }: Deb, cache: string) => curtinFolder(cache, keyOf(at, sha256));
const isUrl = (at: string) => /^https?:\/\//.test(at);
const withoutLogin = (at: string) => at.replace(/^(https?:\/\/)[^/@]*@/, '$1');
const nameOf = (at: string) => decoded(basename(isUrl(at) ? new URL(at).pathname : at)).replaceAll('/', '_');

/** With the package of curtin's helpers, which lies beside the one of its code, where that alone is named. */
async function withHelpers(debs: readonly Deb[]): Promise<Deb[]> {
  const [first, ...more] = debs;
  const beside = first?.at.replace(/python3-curtin(_[^/]*\.deb)$/, 'curtin-common$1');
  if (!first || more.length > 0 || beside === first.at) return [...debs];
  if (first.sha256 !== null) return [first];
  if (!isUrl(first.at) && !(await isThere(beside as string))) return [first];
  return [first, { at: beside as string, sha256: null }];
}

async function debOf(deb: Deb, work: CurtinWork): Promise<FetchedFile> {
  const name = nameOf(deb.at);
  if (!isUrl(deb.at)) {
    await mustExist(deb.at);
    const { sha256 } = await digestOf(deb.at, work.emit, work.signal);
    return { name, path: deb.at, sha256 };
  }
  const [file] = await fetchedOnce(
    debFolder(deb, work.cache),
    async (to) => {
      const { emit, signal } = work;
      await fetchFile({
        url: deb.at,
        to: join(to, name),
        sha256: deb.sha256,
        most: LARGEST_DEB,
        emit,
        signal,
      });
      return [name];
    },
    work,
  );
  return file as FetchedFile;
}

async function mustExist(path: string): Promise<void> {
  await stat(path).catch((cause) => {
    throw new Fault('CURTIN_MISSING', `There is no ${path} (--curtin)`, { hint: GET_ONE, cause });
  });
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
