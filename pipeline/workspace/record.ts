import { rm, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { readSmallJsonOrMiss } from '../host/files/read-json.ts';
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
  /** Absolute; see PATHS for the file. */
  path: string;
  size: number;
  mtimeMs: number;
  /** It was left in the store: no stage that runs here reads it. */
  absent?: true;
}

/** The record of a finished stage: its inputs, its outputs, its duration. */
export interface StageRecord<Data = unknown> {
  format: number;
  stage: string;
  fingerprint: string;
  /** Those that count. */
  inputs: Inputs;
  /** The data that the stage hands to the later ones. */
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

/**
 * The members of a stage's data that are paths. In the file it is relative to the image's folder, so that a workspace can be moved or
 * fetched by another host; what lies outside, such as the medium, is absolute.
 */
const PATHS: Readonly<Record<string, readonly string[]>> = {
  iso: ['medium.path', 'kernel', 'initrd'],
  sources: ['root.path', 'repository.path'],
  render: ['packerDir', 'httpDir'],
  build: ['root.path'],
  pack: ['artifact.path', 'artifact.manifest', 'facts'],
};

/**
 * The record with each of its paths changed: those of its files, and the members of its data that are paths.
 * @param change gets the dotted name of the member, where it is one
 */
export function withPaths<R extends { stage: string; data: unknown; files: readonly { path: string }[] }>(
  record: R,
  change: (path: string, member?: string) => string,
): R {
  let { data } = record as { data: unknown };
  for (const member of PATHS[record.stage] ?? [])
    data = changedAt(data, member.split('.'), (path) => change(path, member));
  return { ...record, data, files: record.files.map((file) => ({ ...file, path: change(file.path) })) };
}

/** The value with another text in one place, without a change of the value itself; the same where there is no text. */
function changedAt(value: unknown, [name, ...names]: string[], change: (text: string) => string): unknown {
  if (name === undefined) return typeof value === 'string' ? change(value) : value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return value;
  return { ...value, [name]: changedAt((value as Record<string, unknown>)[name], names, change) };
}

/** The text of a member of a record's data. @param member its dotted name */
export function memberOf({ data }: { data: unknown }, member: string): string | undefined {
  let value = data;
  for (const name of member.split('.')) value = (value as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : undefined;
}

/** A path below the image's folder as a record keeps it; one outside of it stays as it is. */
export function toStored(imageDir: string, path: string): string {
  const inside = relative(imageDir, path);
  return isOutside(inside) ? path : inside;
}

/** @throws Error for a relative path that leads out of the folder: no stage has written it */
function fromStored(imageDir: string, stored: string): string {
  if (isAbsolute(stored)) return stored;
  if (isOutside(relative(imageDir, resolve(imageDir, stored))))
    throw new Error(`${stored} leads out of ${imageDir}`);
  return resolve(imageDir, stored);
}

const isOutside = (inside: string) => inside === '..' || inside.startsWith('../') || isAbsolute(inside);

/**
 * The record of a stage, or undefined where there is none that can be read: a damaged record is a miss, never an error.
 * @param outside where files outside of the workspace are now, by the members that name them
 */
export async function readRecord<Data = unknown>(
  imageDir: string,
  stage: string,
  outside: Readonly<Record<string, string>> = {},
): Promise<StageRecord<Data> | undefined> {
  const record = readSmallJsonOrMiss(recordFile(imageDir, stage), RECORD);
  if (record?.stage !== stage) return undefined;
  try {
    const moved = new Map<string, string>();
    for (const [member, path] of Object.entries(outside)) {
      const before = memberOf(record, member);
      if (before !== undefined && isAbsolute(before)) moved.set(before, path);
    }
    return withPaths(record, (path) => moved.get(path) ?? fromStored(imageDir, path)) as StageRecord<Data>;
  } catch {
    return undefined;
  }
}

/** Written only after the stage has ended well, so that a killed stage has no record. */
export async function writeRecord(imageDir: string, record: Omit<StageRecord, 'format'>): Promise<void> {
  await writeFileAtomic(
    recordFile(imageDir, record.stage),
    `${JSON.stringify(
      withPaths({ ...record, format: FORMAT }, (path) => toStored(imageDir, path)),
      null,
      2,
    )}\n`,
  );
}

/** Called before a stage runs: from here on it is not fresh, whatever happens. */
export async function deleteRecord(imageDir: string, stage: string): Promise<void> {
  await rm(recordFile(imageDir, stage), { force: true });
}

/** Sizes and times of a stage's output files, as they stand now. @param dir the stage's folder, for relative paths */
export async function describeFiles(dir: string, paths: string[]): Promise<OutputFile[]> {
  return Promise.all(
    paths.map(async (name) => {
      const path = resolve(dir, name);
      const { size, mtimeMs } = await stat(path);
      return { path, size, mtimeMs };
    }),
  );
}

/** The first output file that is gone or was changed since the record was written; one that was left in the store is not gone. @param dir what its name is relative to */
export async function changedOutput(dir: string, record: StageRecord): Promise<string | undefined> {
  for (const before of record.files) {
    if (before.absent) continue;
    const inside = relative(dir, before.path);
    const name = isOutside(inside) ? before.path : inside;
    try {
      const { size, mtimeMs } = await stat(before.path);
      if (size !== before.size || !sameTime(mtimeMs, before.mtimeMs)) return `${name} was changed`;
    } catch {
      return `${name} is gone`;
    }
  }
  return undefined;
}

/** Archives and copies between hosts keep whole seconds, and file systems and Node round below the millisecond. */
function sameTime(now: number, before: number): boolean {
  return Math.abs(now - before) < 1 || (now % 1000 === 0 && Math.floor(before / 1000) * 1000 === now);
}
