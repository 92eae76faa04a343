import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import {
  anything,
  count,
  flag,
  list,
  object,
  oneOf,
  orNull,
  type Shape,
  text,
} from '../../host/files/shape.ts';
import { VERDICT } from '../../image/checks/judge.ts';
import { rehearsalFiles, rehearsedFiles, stageFolder } from '../../workspace/layout.ts';
import { EPHEMERAL_KINDS, PHASES, type Rehearsal } from './types.ts';

const PHASE = oneOf(...PHASES);

/** The part of rehearsal.json that reports read. */
export type KeptRehearsal = Omit<
  Rehearsal,
  'artifact' | 'after' | 'deployedBefore' | 'folder' | 'secureBoot'
>;

const REHEARSAL: Shape<KeptRehearsal> = object({
  ok: flag,
  baseImage: text,
  layout: text,
  until: oneOf('deployed', 'accepted'),
  curtin: text,
  ephemeral: object({ kind: oneOf(...EPHEMERAL_KINDS), name: text }),
  accelerator: oneOf('kvm', 'tcg'),
  seconds: count,
  phases: list(object({ phase: PHASE, seconds: count })),
  failure: orNull(
    object({
      phase: PHASE,
      said: text,
      error: orNull(text),
      cause: orNull(text),
      remedy: orNull(text),
      log: object({ name: text, lines: list(text) }),
    }),
  ),
  acceptance: orNull(VERDICT),
  screenshot: orNull(text),
});

const STATEMENT = object({
  subject: list(object({ digest: object({ sha256: text }) })),
  predicate: anything,
});
/** Bytes of a rehearsal.json: a verdict with its checks. */
const LARGEST = 4 << 20;

/** The record of a rehearsal; undefined where there is none that can be read. @param path of rehearsal.json */
export const readKept = (path: string) => readJsonOrMiss(path, REHEARSAL, LARGEST);

/** The rehearsals of one artifact in an image's folder of the workspace, with their folders; damaged ones are left out. */
export async function readRehearsals(
  imageDir: string,
  sha256: string | undefined,
): Promise<{ rehearsal: KeptRehearsal; dir: string }[]> {
  const dir = stageFolder(imageDir, 'rehearse');
  const statement = await readJsonOrMiss(rehearsedFiles(dir).statement, STATEMENT);
  if (sha256 === undefined || statement?.subject[0]?.digest.sha256 !== sha256) return [];
  const folders = (await readdir(dir, { withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(dir, name))
    .sort();
  const found = await Promise.all(
    folders.map(async (folder) => ({
      rehearsal: await readKept(rehearsalFiles(folder).result),
      dir: folder,
    })),
  );
  return found.flatMap(({ rehearsal, dir: folder }) => (rehearsal ? [{ rehearsal, dir: folder }] : []));
}
