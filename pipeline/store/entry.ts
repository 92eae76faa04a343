import type { Json } from '../core/json.ts';
import { parseJson, WrongJson } from '../host/files/read-json.ts';
import {
  anything,
  count,
  list,
  map,
  matching,
  object,
  oneOf,
  type Shape,
  sha256,
  text,
  time,
} from '../host/files/shape.ts';
import { fingerprint, type Inputs } from '../workspace/fingerprint.ts';
import { storedRecord } from '../workspace/layout.ts';
import { withPaths } from '../workspace/record.ts';
import { allBytes, BadEntry, type Store } from './store.ts';
import { signed, type Trust, trusted } from './trust.ts';

/** Raised when the form changes: another one is not read, and does not harm. */
const FORMAT = 1;
/** Bytes of a record at most; one has some hundred kB. */
export const LARGEST_RECORD = 16 << 20;
const MOST_FILES = 10_000;

export interface StoredFile {
  /** Relative to the image's folder, below the stage's. */
  path: string;
  size: number;
  /** Permissions: 0o755. */
  mode: number;
  sha256: string;
}

/** The result of a stage as the store keeps it: every path is relative to the image's folder. */
export interface Entry {
  format: number;
  stage: string;
  fingerprint: string;
  inputs: Inputs;
  data: unknown;
  files: StoredFile[];
  summary: string;
  seconds: number;
  /** ISO 8601, UTC. */
  finishedAt: string;
  /** The version of the program that made it. */
  version: string;
}

const ENTRY = object({
  format: oneOf(FORMAT),
  stage: matching(/[a-z]{1,32}/),
  fingerprint: sha256,
  inputs: map(anything),
  data: map(anything),
  files: list(object({ path: text, size: count, mode: count, sha256 })),
  summary: text,
  seconds: count,
  finishedAt: time,
  version: text,
}) as Shape<Entry>;

/** The payload type of a signed entry. */
const SIGNED_AS = 'application/vnd.dgxos-maas.result+json';

/** An entry as it is put, signed where this builder has a key for it. */
export const writtenEntry = (entry: Omit<Entry, 'format'>, trust: Trust): Buffer =>
  signed(Buffer.from(`${JSON.stringify({ format: FORMAT, ...entry })}\n`), SIGNED_AS, trust);

/**
 * Reads an entry, which somebody else has written: its form, and that it is the one that was asked for.
 * @throws BadEntry
 */
export function readEntry(written: Buffer, stage: string, wanted: string): Entry {
  const key = storedRecord(stage, wanted);
  const bad = (problem: string) => new BadEntry(key, problem);
  let entry: Entry;
  try {
    entry = parseJson(written.toString('utf8'), ENTRY, 'the record');
  } catch (error) {
    if (error instanceof WrongJson) throw bad(error.message);
    throw error;
  }
  if (entry.stage !== stage) throw bad(`it is of stage ${entry.stage}`);
  if (entry.fingerprint !== wanted) throw bad(`it has the fingerprint ${entry.fingerprint}`);
  if (fingerprint(entry.inputs as Record<string, Json>) !== wanted)
    throw bad('its inputs do not have its fingerprint');
  if (entry.files.length > MOST_FILES) throw bad(`it has ${entry.files.length} files`);
  const paths = new Set<string>();
  for (const { path, size, mode } of entry.files) {
    if (!isBelow(path, stage)) throw bad(`the path ${JSON.stringify(path)} is not below ${stage}/`);
    if (paths.has(path)) throw bad(`it has ${JSON.stringify(path)} twice`);
    paths.add(path);
    if (!Number.isSafeInteger(size) || !Number.isInteger(mode) || mode > 0o777)
      throw bad(`${JSON.stringify(path)} has an impossible size or mode`);
  }
  withPaths(entry, (path, member) => {
    if (member !== undefined && !isBelow(path, stage))
      throw bad(`${member} is ${JSON.stringify(path)}, which is not below ${stage}/`);
    return path;
  });
  return entry;
}

/** The entry of a result in a store; undefined where it is not there. @throws BadEntry, also where nobody has signed it who must */
export async function entryOf(
  store: Store,
  stage: string,
  fingerprint: string,
  trust: Trust,
): Promise<Entry | undefined> {
  const key = storedRecord(stage, fingerprint);
  const found = await store.read(key, 0);
  if (!found) return undefined;
  const bytes = await allBytes(key, found.bytes, LARGEST_RECORD);
  return readEntry(trusted(key, bytes, SIGNED_AS, trust), stage, fingerprint);
}

/** Whether a path of an entry is one that a stage may have: no way out, no empty name, nothing that a terminal obeys. */
export function isBelow(path: string, stage: string): boolean {
  const [first, ...names] = path.split('/');
  return (
    first === stage &&
    names.length > 0 &&
    path.length <= 4096 &&
    !/[\x00-\x1f\x7f]/.test(path) &&
    names.every((name) => name !== '' && name !== '.' && name !== '..')
  );
}
