import { rm, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { readJsonOrMiss } from '../host/files/read-json.ts';
import {
  anything,
  count,
  list,
  map,
  number,
  object,
  oneOf,
  type Shape,
  text,
  time,
} from '../host/files/shape.ts';
import type { Inputs } from './fingerprint.ts';
import { recordFile } from './layout.ts';

/** Raised when the shape of the file changes: an older record then counts as none. */
const FORMAT = 2;

export interface OutputFile {
  path: string;
  size: number;
  mtimeMs: number;
}

/** What a finished stage leaves behind: its inputs, its outputs, what it took. */
export interface StageRecord<Data = unknown> {
  format: number;
  stage: string;
  fingerprint: string;
  /** Those that count. */
  inputs: Inputs;
  /** What the stage hands to the later ones. */
  data: Data;
  files: OutputFile[];
  summary: string;
  seconds: number;
  finishedAt: string;
}

const RECORD = object({
  format: oneOf(FORMAT),
  stage: text,
  fingerprint: text,
  inputs: map(anything),
  data: map(anything),
  files: list(object({ path: text, size: count, mtimeMs: number })),
  summary: text,
  seconds: count,
  finishedAt: time,
}) as Shape<StageRecord>;

/** The record of a stage, or undefined where there is none that can be read: a damaged record is a miss, never an error. */
export async function readRecord<Data = unknown>(
  imageDir: string,
  stage: string,
): Promise<StageRecord<Data> | undefined> {
  const record = await readJsonOrMiss(recordFile(imageDir, stage), RECORD);
  return record?.stage === stage ? (record as StageRecord<Data>) : undefined;
}

/** Written only after the stage has ended well, so that a killed stage has no record. */
export async function writeRecord(imageDir: string, record: Omit<StageRecord, 'format'>): Promise<void> {
  await writeFileAtomic(
    recordFile(imageDir, record.stage),
    `${JSON.stringify({ format: FORMAT, ...record }, null, 2)}\n`,
  );
}

/** Called before a stage runs: from here on it is not fresh, whatever happens. */
export async function deleteRecord(imageDir: string, stage: string): Promise<void> {
  await rm(recordFile(imageDir, stage), { force: true });
}

/** Sizes and times of a stage's output files, as they stand now. */
export async function describeFiles(dir: string, paths: string[]): Promise<OutputFile[]> {
  return Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs } = await stat(isAbsolute(path) ? path : join(dir, path));
      return { path, size, mtimeMs };
    }),
  );
}

/** The first output file that is gone or was changed since the record was written. */
export async function changedOutput(dir: string, record: StageRecord): Promise<string | undefined> {
  for (const before of record.files) {
    try {
      const { size, mtimeMs } = await stat(isAbsolute(before.path) ? before.path : join(dir, before.path));
      if (size !== before.size || mtimeMs !== before.mtimeMs) return `${before.path} was changed`;
    } catch {
      return `${before.path} is gone`;
    }
  }
  return undefined;
}
