import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../host/process/package-root.ts';

const known = new Map<string, string>();

/**
 * The identity of this program, for a fingerprint: another one may find and judge otherwise. In a clone the SHA-256 over the sources
 * named; in the installed package its version. Each is read once in a process.
 * @param sources files and folders below pipeline/, such as image/checks
 */
export function programDigest(sources: readonly string[], root = packageRoot()): string {
  const version = programVersion(root);
  const pipeline = join(root, 'pipeline');
  if (once(pipeline, (path) => String(existsSync(path))) === 'false') return version;
  const digests = sources.map((source) => once(join(pipeline, source), digestOf));
  return createHash('sha256')
    .update([version, ...digests].join('\n'))
    .digest('hex');
}

/** The version in package.json. */
export function programVersion(root = packageRoot()): string {
  return once(join(root, 'package.json'), versionIn);
}

function once(path: string, read: (path: string) => string): string {
  const found = known.get(path) ?? read(path);
  known.set(path, found);
  return found;
}

function versionIn(path: string): string {
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** Of a file, or of all sources below a folder in the order of their names. */
function digestOf(path: string): string {
  const hash = createHash('sha256');
  if (path.endsWith('.ts')) return hash.update(readFileSync(path)).digest('hex');
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  for (const name of files.sort()) hash.update(`\0${name}\0`).update(readFileSync(join(path, name)));
  return hash.digest('hex');
}
