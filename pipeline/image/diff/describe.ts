import { stat } from 'node:fs/promises';
import type { Config } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { readBoundedText } from '../../host/files/regular.ts';
import { imageFolder } from '../../workspace/layout.ts';
import { type LedgerEntry, readLedger } from '../../workspace/ledger/ledger.ts';
import { LARGEST_EVIDENCE } from '../artifact.ts';
import { readImage } from '../read/read-image.ts';
import type { Description } from './description.ts';
import { describeJson } from './json-file.ts';
import { keptRelease } from './release-store.ts';
import { describeBuilt } from './workspace.ts';

export interface DescribeOptions {
  env: NodeJS.ProcessEnv;
  emit?: Emit;
  signal: AbortSignal;
  /** Milliseconds that the server of a URL may be silent. */
  stallMs?: number;
  /** The configuration; read only when the name is not a file. */
  config(): Promise<Config>;
}

/**
 * The description of an image by its name: an archive (path, http(s) URL, `-`), a manifest or facts as JSON, a folder of the
 * workspace, an image of the configuration, or a name or digest of the ledger. A file takes precedence over a name.
 * @throws Fault IMAGE_UNREADABLE, IMAGE_UNKNOWN, IMAGE_NOT_BUILT
 */
export async function describeImage(name: string, options: DescribeOptions): Promise<Description> {
  if (name === '-' || /^https?:\/\//i.test(name)) return describeArchive(name, options);
  const found = await stat(name).catch(() => undefined);
  if (found?.isDirectory()) return describeBuilt(name);
  if (found)
    return name.endsWith('.json') ? describeJson(name, await text(name)) : describeArchive(name, options);
  const config = await options.config();
  if (Object.hasOwn(config.images, name)) return describeBuilt(imageFolder(config.workspace, name), name);
  return describeUploaded(name, config, options.env);
}

async function describeArchive(name: string, options: DescribeOptions): Promise<Description> {
  const read = await readImage(name, options);
  const problem = read.stream.problem ?? (read.facts.archive.whole ? null : 'the archive is truncated');
  // Files that are not read would be shown as removed.
  if (problem !== null)
    throw new Fault('IMAGE_UNREADABLE', `${read.name} cannot be compared: ${problem}`, {
      hint: `For details: dgxos-maas validate ${name}`,
    });
  return { name: read.name, sha256: read.sha256, size: read.size, facts: read.facts };
}

/** An image that was uploaded from here: its facts are beside the ledger, or still in the workspace. */
async function describeUploaded(name: string, config: Config, env: NodeJS.ProcessEnv): Promise<Description> {
  const entries = (await readLedger(env)).filter(
    (entry) => entry.did !== 'started' && entry.did !== 'pruned',
  );
  const entry = findEntry(entries, name);
  if (!entry) throw unknown(name, config, entries);
  const kept = await keptRelease(entry.sha256, name, env);
  if (kept) return kept;
  for (const image of Object.keys(config.images)) {
    const built = await describeBuilt(imageFolder(config.workspace, image), name).catch(() => undefined);
    if (built?.sha256 === entry.sha256) return built;
  }
  throw new Fault(
    'IMAGE_NOT_BUILT',
    `This host has no facts of ${name} (sha256 ${entry.sha256.slice(0, 12)}…)`,
    {
      hint: 'Use the file itself, or its manifest.',
    },
  );
}

/** The latest entry of that name, as MAAS has it, or of that digest (at least 8 of its digits). */
export function findEntry(entries: readonly LedgerEntry[], name: string): LedgerEntry | undefined {
  const plain = name.replace(/^custom\//, '');
  const byDigest = /^[0-9a-f]{8,64}$/.test(name);
  return entries.findLast((entry) => entry.name === plain || (byDigest && entry.sha256.startsWith(name)));
}

function unknown(name: string, config: Config, entries: readonly LedgerEntry[]): Fault {
  const names = [...new Set([...Object.keys(config.images), ...entries.map((entry) => entry.name)])];
  const list =
    names.length > 0 ? `Names known: ${names.slice(-12).join(', ')}.` : 'No image is configured or uploaded.';
  return new Fault('IMAGE_UNKNOWN', `There is neither a file nor an image "${name}"`, {
    hint: `Use an archive, a manifest, an image of the configuration, or the name of an upload. ${list}`,
  });
}

async function text(file: string): Promise<string> {
  try {
    return await readBoundedText(file, LARGEST_EVIDENCE);
  } catch (error) {
    throw fromSystemError(error, `reading ${file}`);
  }
}
