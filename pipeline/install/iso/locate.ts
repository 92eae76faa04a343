import { access, constants, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { type ChecksumContext, verifyChecksum } from './checksum.ts';
import { download, downloadPath } from './download.ts';
import type { LocalIso } from './facts.ts';
import { parseSource } from './source.ts';

/** A file to be found, and what messages call it. */
export interface Wanted {
  /** A path, or a URL (http, https, file). */
  source: string;
  /** The sha256 that its bytes must have. */
  sha256: string;
  /** The kind of file and the setting that names it; an ISO without. */
  called?: { what: string; setting: string; ending: RegExp };
}

const AN_ISO = { what: 'ISO', setting: 'iso.source', ending: /\.iso$/i };

/**
 * The medium as a verified file on this host; a URL is downloaded into the cache.
 * @throws Fault ISO_NOT_FOUND, ISO_CHECKSUM, ISO_TRUNCATED, ISO_DOWNLOAD, NO_PERMISSION, DISK_FULL
 */
export async function locateIso(iso: Wanted, context: ChecksumContext): Promise<LocalIso> {
  const sha256 = iso.sha256.toLowerCase();
  const source = parseSource(iso.source);
  if (source.kind === 'url') return await download(source, sha256, context);
  const path = resolve(source.path);
  await assertReadable(path, iso.called ?? AN_ISO);
  return await verifyChecksum(path, sha256, context);
}

/** The path at which `locateIso` finds the medium, whether it is there already or not. */
export function mediumPath(iso: { source: string; sha256: string }, cacheDir: string): string {
  const source = parseSource(iso.source);
  return source.kind === 'url'
    ? downloadPath(source, iso.sha256.toLowerCase(), cacheDir)
    : resolve(source.path);
}

async function assertReadable(path: string, called: typeof AN_ISO): Promise<void> {
  try {
    if (!(await stat(path)).isFile()) throw await notFound(path, 'is not a file', called);
    await access(path, constants.R_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw await notFound(path, 'does not exist', called);
    throw fromSystemError(error, `reading ${path}`);
  }
}

async function notFound(path: string, is: string, { what, setting, ending }: typeof AN_ISO): Promise<Fault> {
  const isFolder = await stat(path)
    .then((s) => s.isDirectory())
    .catch(() => false);
  const folder = isFolder ? path : dirname(path);
  const names = await readdir(folder).catch(() => []);
  const near = names.filter((name) => ending.test(name)).sort();
  return new Fault('ISO_NOT_FOUND', `The ${what} ${path} ${is}`, {
    hint: near.length
      ? `${what === 'ISO' ? 'ISO' : 'Such'} files in that folder: ${near
          .slice(0, 8)
          .map((name) => join(folder, name))
          .join(', ')}.`
      : `Set \`${setting}\` to the path or URL of the ${what}.`,
  });
}
