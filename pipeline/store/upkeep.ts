import { createHash } from 'node:crypto';
import type { Emit } from '../core/events/event.ts';
import { STORE_BLOBS, STORE_PARTIAL, STORE_RECORDS, storedBlob } from '../workspace/layout.ts';
import { type Entry, entryOf } from './entry.ts';
import { factOf, isFact } from './ledger.ts';
import { withProgress } from './progress.ts';
import { BadEntry, type Listed, type Store } from './store.ts';
import type { Trust } from './trust.ts';

/** A result in the store. */
export interface Kept {
  key: string;
  entry: Entry;
  /** Milliseconds since 1970 of its record. */
  changedMs: number;
  /** Of its record and all its files, also those that other results have. */
  bytes: number;
}

export interface Problem {
  key: string;
  problem: string;
}

export interface Contents {
  /** The newest first. */
  results: Kept[];
  /** Sizes by key. */
  blobs: Map<string, Listed>;
  partial: Listed[];
  /** Lines of ledgers. */
  facts: string[];
  bad: Problem[];
}

const RECORD = new RegExp(`^${STORE_RECORDS}/([a-z]{1,32})/([0-9a-f]{64})\\.json$`);
const BLOB = new RegExp(`^${STORE_BLOBS}/([0-9a-f]{2})/(\\1[0-9a-f]{62})$`);
const PARTIAL = new RegExp(`^${STORE_PARTIAL}/[0-9a-f-]{36}$`);
/** A file that no record names may be of a result that is being put; so may a partial one. */
const UNDER_WAY_MS = 24 * 3600_000;

/** Everything of ours in a store; other files in the same folder are left alone. @param files what `list` gives */
export async function contentsOf(
  store: Store,
  files: AsyncIterable<Listed>,
  trust: Trust,
): Promise<Contents> {
  const found: Contents = { results: [], blobs: new Map(), partial: [], facts: [], bad: [] };
  for await (const file of files) {
    const [, stage, fingerprint] = RECORD.exec(file.key) ?? [];
    if (BLOB.test(file.key)) found.blobs.set(file.key, file);
    else if (PARTIAL.test(file.key)) found.partial.push(file);
    else if (isFact(file.key)) {
      const line = await unlessBad(found.bad, () => factOf(store, file.key, trust));
      if (line !== undefined) found.facts.push(line);
    } else if (stage !== undefined && fingerprint !== undefined) {
      // None where somebody else has deleted it meanwhile.
      const entry = await unlessBad(found.bad, () => entryOf(store, stage, fingerprint, trust));
      if (!entry) continue;
      const bytes = entry.files.reduce((sum, { size }) => sum + size, file.size);
      found.results.push({ key: file.key, entry, changedMs: file.changedMs, bytes });
    }
  }
  found.results.sort((a, b) => b.changedMs - a.changedMs);
  return found;
}

/** The data that is read, or undefined where it is bad, which is noted. */
async function unlessBad<T>(bad: Problem[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof BadEntry)) throw error;
    bad.push({ key: error.key, problem: error.message });
    return undefined;
  }
}

/**
 * Reads every file again.
 * @returns bad files, and results that name one
 */
export async function verifyStore(store: Store, contents: Contents, emit: Emit): Promise<Problem[]> {
  const { blobs, results } = contents;
  const bad = new Map(contents.bad.map((one) => [one.key, one.problem]));
  const total = [...blobs.values()].reduce((sum, { size }) => sum + size, 0);
  await withProgress({ emit, label: 'Verifying the store', total }, async (advance) => {
    for (const key of blobs.keys()) {
      try {
        const hash = createHash('sha256');
        // One that is gone meanwhile was deleted by somebody else.
        for await (const part of (await store.read(key, 0))?.bytes ?? []) {
          hash.update(part);
          advance(part.length);
        }
        if (!key.endsWith(hash.digest('hex'))) bad.set(key, 'it does not have its sha256');
      } catch (error) {
        if (!(error instanceof BadEntry)) throw error;
        bad.set(key, error.message);
      }
    }
  });
  for (const { key, entry } of results)
    for (const { sha256, size, path } of entry.files) {
      const blob = storedBlob(sha256);
      const there = blobs.get(blob);
      if (there === undefined) bad.set(key, `its file ${path} is not there`);
      else if (bad.has(blob)) bad.set(key, `its file ${path} is bad`);
      else if (there.size !== size)
        bad.set(key, `its file ${path} has ${there.size} bytes in place of ${size}`);
    }
  return [...bad].map(([key, problem]) => ({ key, problem }));
}

export interface Retention {
  /** Milliseconds; results that were put earlier go. */
  olderThanMs?: number | undefined;
  /** Bytes that the store may have; results go from the oldest on. */
  keepBytes?: number | undefined;
  /** Results with a file of this sha256 stay, whatever their age and size: ledgers and channels name it. */
  named?: ReadonlySet<string>;
}

export interface Collected {
  results: Kept[];
  /** Results that would be among them if no ledger named their artifacts. */
  named: Kept[];
  /** Results, and files that no result that is kept names, of a day ago at least. */
  keys: string[];
  /** Bytes that become free. */
  bytes: number;
}

/** The files to delete, records first: a result is never there without its files. */
export function collect(
  contents: Contents,
  { olderThanMs, keepBytes, named = new Set() }: Retention,
  nowMs: number,
): Collected {
  const { results, blobs, partial } = contents;
  const users = new Map<string, number>();
  const blobsOf = ({ entry }: Kept) => new Set(entry.files.map(({ sha256 }) => storedBlob(sha256)));
  let size = 0;
  const count = (key: string, by: number) => {
    const now = (users.get(key) ?? 0) + by;
    users.set(key, now);
    if (by > 0 ? now === 1 : now === 0) size += by * (blobs.get(key)?.size ?? 0);
  };
  for (const one of results) for (const key of blobsOf(one)) count(key, 1);
  const gone: Kept[] = [];
  const kept: Kept[] = [];
  for (const one of results.toReversed()) {
    const old = olderThanMs !== undefined && nowMs - one.changedMs > olderThanMs;
    const tooMuch = keepBytes !== undefined && size > keepBytes;
    if (!old && !tooMuch) continue;
    if (one.entry.files.some(({ sha256 }) => named.has(sha256))) {
      kept.push(one);
      continue;
    }
    gone.push(one);
    for (const key of blobsOf(one)) count(key, -1);
  }
  const left = [...[...blobs.values()].filter(({ key }) => !users.get(key)), ...partial].filter(
    ({ key, changedMs }) => users.has(key) || nowMs - changedMs > UNDER_WAY_MS,
  );
  return {
    results: gone,
    named: kept,
    keys: [...gone.map(({ key }) => key), ...left.map(({ key }) => key)],
    bytes: left.reduce((sum, one) => sum + one.size, 0),
  };
}
