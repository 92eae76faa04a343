import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../host/process/package-root.ts';

const known = new Map<string, string>();

/**
 * What this program is, for a fingerprint: another one may find and judge otherwise. In a clone the SHA-256 over the sources
 * named; in the installed package its version. Read once in a process.
 * @param sources files and folders below pipeline/, such as image/checks
 */
export function programDigest(sources: readonly string[], root = packageRoot()): string {
  const key = JSON.stringify([root, sources]);
  const digest = known.get(key) ?? read(sources, root);
  known.set(key, digest);
  return digest;
}

function read(sources: readonly string[], root: string): string {
  const pipeline = join(root, 'pipeline');
  const version = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string })
    .version;
  if (!existsSync(pipeline)) return version;
  const hash = createHash('sha256').update(version);
  for (const path of sources.flatMap((source) => filesOf(pipeline, source)))
    hash.update(`\0${path}\0`).update(readFileSync(join(pipeline, path)));
  return hash.digest('hex');
}

/** Sorted by their names, so that they are read in one order on every host. */
function filesOf(pipeline: string, source: string): string[] {
  if (statSync(join(pipeline, source)).isFile()) return [source];
  return readdirSync(join(pipeline, source), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(pipeline.length + 1))
    .sort();
}
