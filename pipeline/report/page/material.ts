import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../core/faults/fault.ts';
import { readJsonOrMiss, readSmallJsonOrMiss } from '../../host/files/read-json.ts';
import { anything, map, object, type Shape, text } from '../../host/files/shape.ts';
import { type Evidence, KNOWN_FACTS, LARGEST_EVIDENCE } from '../../image/artifact.ts';
import { VERDICT, type Verdict } from '../../image/checks/judge.ts';
import { readAcceptances } from '../../maas/acceptance/read-results.ts';
import type { Acceptance } from '../../maas/acceptance/types.ts';
import { readRehearsals } from '../../maas/rehearse/read-results.ts';
import { STAGE_IDS, type StageId } from '../../stages/rows.ts';
import type { StageData } from '../../stages/types.ts';
import { acceptFolder, buildFiles, evidenceFile, stageFolder, verdictFile } from '../../workspace/layout.ts';
import { readRecord, type StageRecord } from '../../workspace/record.ts';
import { consoleTail } from './console-tail.ts';
import { type LastRun, readLastRun } from './last-run.ts';
import { type RehearsalMaterial, rehearsalMaterial } from './rehearsal.ts';

/** The part of NAME.manifest.json that the report reads. */
export interface Manifest {
  image?: string;
  release?: string;
  platform?: string;
  version?: string;
  inputs?: Record<string, unknown>;
  tools?: Record<string, string>;
}

const MANIFEST: Shape<Manifest> = object(
  {},
  { image: text, release: text, platform: text, version: text, inputs: map(anything), tools: map(text) },
);

type Records = { [S in StageId]?: StageRecord<StageData[S]> };

/** Everything that is known from one image's folder of the workspace; what is missing or damaged is absent. */
export interface Material {
  imageDir: string;
  records: Records;
  /** Of the artifact in `pack/`. */
  facts: Partial<Evidence['facts']> | null;
  manifest: Manifest | null;
  /** Of that artifact; one that judged an earlier artifact is left out. */
  verdict: Verdict | null;
  console: string[];
  /** Of that artifact, one for each layout. */
  rehearsals: RehearsalMaterial[];
  /** Of that artifact, on machines; one for each target, with the ends of its logs by their file. */
  acceptances: { result: Acceptance; tails: Record<string, string[]> }[];
  run: LastRun | null;
}

/**
 * Gathers what is there of an image.
 * @throws Fault IMAGE_NOT_BUILT when no stage has left anything
 */
export async function gather(imageDir: string, run?: LastRun): Promise<Material> {
  const found = await Promise.all(STAGE_IDS.map((stage) => readRecord(imageDir, stage)));
  const records = Object.fromEntries(
    STAGE_IDS.flatMap((stage, i) => (found[i] ? [[stage, found[i]]] : [])),
  ) as Records;
  const last = run ?? (await readLastRun(imageDir));
  if (Object.keys(records).length === 0 && last === null)
    throw new Fault('IMAGE_NOT_BUILT', `There is nothing to report in ${imageDir}: no stage has run`, {
      hint: 'Build an image with dgxos-maas run IMAGE, or choose its folder, <workspace>/<image>, with --run DIR.',
    });
  const [evidence, manifest, verdict, console, acceptances, rehearsals] = await Promise.all([
    records.pack &&
      readJsonOrMiss(evidenceFile(stageFolder(imageDir, 'pack')), KNOWN_FACTS, LARGEST_EVIDENCE),
    records.pack && readJsonOrMiss(records.pack.data.artifact.manifest, MANIFEST),
    verdictOf(imageDir, records),
    consoleTail(buildFiles(stageFolder(imageDir, 'build')).console),
    acceptancesOf(imageDir, records),
    rehearsalsOf(imageDir, records),
  ]);
  return {
    imageDir,
    records,
    facts: evidence?.facts ?? null,
    manifest: manifest ?? null,
    verdict,
    console,
    acceptances,
    rehearsals,
    run: last && isLatest(last, records) ? last : null,
  };
}

/** The verdict and the acceptances on the artifact of an image, without what a page on it needs besides. */
export interface Judgement extends Pick<Material, 'verdict'> {
  artifact: Records['pack'];
  acceptances: Acceptance[];
}

export async function judgementOf(imageDir: string): Promise<Judgement> {
  const [pack, validate] = await Promise.all([
    readRecord(imageDir, 'pack'),
    readRecord(imageDir, 'validate'),
  ]);
  const records = { pack, validate } as Records;
  const [verdict, acceptances] = await Promise.all([
    verdictOf(imageDir, records),
    readAcceptances(imageDir, records.pack?.data.artifact.sha256),
  ]);
  return { artifact: records.pack, verdict, acceptances };
}

// Times of files lag behind the clock by up to a tick of the kernel.
const TICK_MS = 20;

/** A rejected image leaves no record, but its verdict; either counts only for the artifact that is there. */
async function verdictOf(imageDir: string, { pack, validate }: Records): Promise<Verdict | null> {
  const file = verdictFile(stageFolder(imageDir, 'validate'));
  const verdict = readSmallJsonOrMiss(file, VERDICT);
  if (!verdict || !pack) return null;
  if (validate) return validate.inputs.artifact === pack.data.artifact.sha256 ? verdict : null;
  const { mtimeMs } = await stat(file);
  return mtimeMs + TICK_MS >= Date.parse(pack.finishedAt) ? verdict : null;
}

async function acceptancesOf(imageDir: string, { pack }: Records): Promise<Material['acceptances']> {
  const results = await readAcceptances(imageDir, pack?.data.artifact.sha256);
  return Promise.all(
    results.map(async (result) => {
      const files = result.logs.flatMap(({ file }) => (file === null ? [] : [file]));
      const tails = await Promise.all(
        files.map(async (file) => [
          file,
          await consoleTail(join(acceptFolder(stageFolder(imageDir, 'accept'), result.target), file)),
        ]),
      );
      return { result, tails: Object.fromEntries(tails) };
    }),
  );
}

async function rehearsalsOf(imageDir: string, { pack }: Records): Promise<RehearsalMaterial[]> {
  const found = await readRehearsals(imageDir, pack?.data.artifact.sha256);
  return Promise.all(found.map(rehearsalMaterial));
}

/** A run that was killed leaves newer records and no word of itself. */
function isLatest(run: LastRun, records: Records): boolean {
  return Object.values(records).every((record) => record.finishedAt <= run.endedAt);
}
