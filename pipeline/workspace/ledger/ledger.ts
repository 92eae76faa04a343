import { constants, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { plainName } from '../../config/image-name.ts';
import type { Emit } from '../../core/events/event.ts';
import { fromSystemError } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { parseLines } from '../../host/files/read-json.ts';
import { kindOf, NotRegular, readBoundedText } from '../../host/files/regular.ts';
import { object, type Shape, text } from '../../host/files/shape.ts';
import { foreignLedgerFile, ledgerFile } from '../layout.ts';
import { exchangeLedger } from './shared.ts';

/**
 * Actions of this host on the images of a MAAS, one line each. Uploads go on without it; channels, rollback, prune and the
 * quarantine of a rejected image know by it alone what is whose.
 */
export interface LedgerEntry {
  /** ISO 8601, UTC. */
  time: string;
  did: 'started' | 'completed' | 'found' | 'promoted' | 'rolled-back' | 'pruned' | 'accepted' | 'quarantined';
  /** URL of the MAAS. */
  target: string;
  resourceId: number;
  /** Without `custom/`. */
  name: string;
  architecture: string;
  set: string;
  sha256: string;
  /** Bytes. */
  size: number;
  title: string;
  /** As it was sent. */
  baseImage: string;
  filetype: string;
  /** Absolute path of the artifact at that time. */
  file: string;
  /** Whether the checks passed before the upload. */
  validated: boolean;
  /** The image's name in the configuration, or the file's name. */
  image?: string;
  /** Of a promotion: the versioned name of the build that the channel holds. */
  of?: string;
  /** Of an acceptance: the machine's host name, and the fingerprint of the checks. */
  machine?: string;
  checks?: string;
}

/** Members of a line in every version of this program; later members may be missing in older lines. */
const ENTRY = object({
  time: text,
  did: text,
  target: text,
  name: text,
  architecture: text,
  set: text,
  sha256: text,
  file: text,
}) as Shape<LedgerEntry>;

/** Some 600 bytes an entry: half a million of them. */
const LARGEST = 256 << 20;

/** Appends one entry; a ledger that cannot be written is a warning and no failure. */
export async function record(
  entry: Omit<LedgerEntry, 'time'>,
  env: NodeJS.ProcessEnv,
  emit: Emit,
): Promise<void> {
  const path = ledgerFile(env);
  try {
    await makeFolders(dirname(path), 0o700);
    await appendLine(path, JSON.stringify({ ...entry, time: new Date().toISOString() }));
    await exchangeLedger(env, 'now');
  } catch (error) {
    emit({
      type: 'notice',
      level: 'warning',
      message: `The ledger ${path} cannot be written: ${reasonOf(error)}`,
    });
  }
}

/**
 * Appends one line, so that it is kept even when the power fails. One write: appends of several processes do not mix. A line that
 * a crash or a full disk has cut is ended first, else it would take the new one with it.
 */
export async function appendLine(path: string, line: string): Promise<void> {
  const { O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  await using file = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK, 0o600);
  const facts = await file.stat();
  const kind = kindOf(facts);
  if (kind !== undefined) throw new NotRegular(path, kind);
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, Math.max(0, facts.size - 1));
  const bytes = Buffer.from(`${facts.size > 0 && last.toString() !== '\n' ? '\n' : ''}${line}\n`);
  const { bytesWritten } = await file.write(bytes);
  if (bytesWritten < bytes.length) throw new Error('the disk is full');
  await file.datasync();
}

/** The entry of an upload, and where and how it is written. */
export interface RecordedUpload
  extends Pick<
    LedgerEntry,
    'architecture' | 'sha256' | 'size' | 'title' | 'baseImage' | 'filetype' | 'file' | 'image'
  > {
  /** With or without `custom/`. */
  name: string;
  validated?: boolean;
  env: NodeJS.ProcessEnv;
  emit: Emit;
}

/** Notes that an upload began, was found or was completed. @param url of the MAAS */
export function recordUpload(
  did: 'started' | 'found' | 'completed',
  url: string,
  request: RecordedUpload,
  made: { resourceId: number; set: string },
): Promise<void> {
  const { architecture, sha256, size, title, baseImage, filetype, file, image, env, emit } = request;
  const name = plainName(request.name);
  const what = { name, architecture, sha256, size, title, baseImage, filetype, file, image };
  return record({ did, target: url, ...made, ...what, validated: request.validated === true }, env, emit);
}

/**
 * Every entry, the oldest first; lines cut by a crash, and what is not an entry, are left out. Those of other builders are among them
 * where the ledger is shared, in the order of the builders' clocks.
 */
export async function readLedger(env: NodeJS.ProcessEnv): Promise<LedgerEntry[]> {
  await exchangeLedger(env);
  const paths = [ledgerFile(env), foreignLedgerFile(env)] as const;
  const state = paths.map(stateOf).join(' ');
  // A night of many images asks several times for each of them.
  if (lastRead?.path !== paths[0] || lastRead.state !== state)
    lastRead = { path: paths[0], state, entries: await entriesOf(...paths) };
  return [...lastRead.entries];
}

let lastRead: { path: string; state: string; entries: readonly LedgerEntry[] } | undefined;

/** Changes with each entry: a ledger only grows. */
function stateOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs].join(':');
  } catch {
    return 'none';
  }
}

async function entriesOf(ownFile: string, foreignFile: string): Promise<LedgerEntry[]> {
  const own = await linesOf(ownFile);
  const foreign = await linesOf(foreignFile);
  if (foreign.length === 0) return parseLines(own.join('\n'), ENTRY);
  return inOrder(parseLines([...own, ...foreign].join('\n'), ENTRY));
}

/** Entries of several ledgers by their time, each once. */
export function inOrder(entries: readonly LedgerEntry[]): LedgerEntry[] {
  const all = [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()];
  return all.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

/** The lines of a ledger's file, none where it is not there. */
export async function linesOf(path: string): Promise<string[]> {
  try {
    return (await readBoundedText(path, LARGEST)).split('\n').filter(Boolean);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fromSystemError(error, `reading ${path}`);
  }
}

/** The entry in a line; undefined where it is none. */
export const entryIn = (line: string): LedgerEntry | undefined => parseLines(line, ENTRY)[0];
