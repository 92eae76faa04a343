import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { ImageConfig } from '../../config/types.ts';
import { redactDeep } from '../../core/secrets/registry.ts';

/** The part of an image's configuration that decides its root. */
export type RootParameters = Pick<
  ImageConfig,
  'release' | 'platform' | 'iso' | 'archive' | 'vm' | 'packages' | 'lateCommands' | 'files' | 'pack'
>;

/**
 * The parameters that decide the root, as they may be published: late commands by their digests, since people write passwords into
 * them; sources by their file names, since paths disclose who built; URLs without user, password and query.
 */
export function publicParameters(image: RootParameters): Record<string, unknown> {
  const { release, platform, vm, packages, pack, lateCommands, files, iso, archive } = image;
  return redactDeep({
    ...{ release, platform, vm, packages, pack },
    ...(archive.root.source === null
      ? { iso: shown(iso) }
      : { archive: { root: shown(archive.root), repository: shown(archive.repository) } }),
    lateCommands: Object.fromEntries(
      Object.entries(lateCommands).map(([key, command]) => [
        key,
        { sha256: sha256(JSON.stringify(command)) },
      ]),
    ),
    files: files.map((file) => ({ ...file, source: basename(file.source) })),
  });
}

function shown({ source, sha256 }: { source: string | null; sha256: string | null }) {
  return { source: publicSource(source ?? ''), sha256 };
}

/** A URL without what may be secret in it, which is user, password and query; of a path the last part. */
export function publicSource(source: string): string {
  if (!/^https?:\/\//i.test(source)) return basename(source);
  const url = new URL(source);
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return url.href;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
