import type { Entry } from '../../store/entry.ts';
import type { SharedResults } from '../../store/results.ts';
import { changed, counted, fingerprint, type Inputs } from '../../workspace/fingerprint.ts';
import { stageFolder } from '../../workspace/layout.ts';
import { programDigest } from '../../workspace/program.ts';
import { changedOutput, readRecord, type StageRecord } from '../../workspace/record.ts';
import type { StageId } from '../rows.ts';
import type { Stage, StageContext } from '../types.ts';

export interface Selection {
  /** Run this stage whatever its state. */
  force?: StageId | undefined;
  /** Run this stage and all after it. */
  from?: StageId | undefined;
  /** Why, where no option asks for it: such as "asked for by `dgxos-maas upload`". */
  reason?: string;
  /** A result of this stage, here or in the store, does not count when its making was begun before (milliseconds since 1970). */
  outdated?: { stage: StageId; before: number; reason: string };
  /** Other builders run this stage: the newest of its results here and in the store counts, and without one the run fails. */
  elsewhere?: StageId;
  /** Results that builders share are not made up to this stage: one that is neither here nor in the store fails the run. */
  readyUntil?: StageId;
  /** Stop after this stage. */
  until?: StageId | undefined;
}

/** A result that must be made, or fetched. */
export interface Missing {
  fresh: false;
  reason: string;
  /** All that the stage runs with. */
  declared: object;
  /** The values that count, and the program. */
  inputs: Inputs;
  /** Its result in the store, where there is one. */
  stored: Entry | undefined;
  /** Whether an option asks for it, whatever there is. */
  requested: boolean;
}

export type Decision = { fresh: true; record: StageRecord } | Missing;

interface DecisionScope {
  stages: readonly Stage[];
  imageDir: string;
  selection: Selection;
  /** The results that builders share. */
  shared?: SharedResults | undefined;
  /** Stages with a file that was left in the store, which does not have it any more. */
  lost?: ReadonlySet<StageId>;
}

const LOST = 'its output is neither here nor in the store any more';

/** Whether one stage must run, and why: the one place where that is decided. */
export async function decide(
  stage: Stage,
  context: StageContext,
  { stages, imageDir, selection, shared, lost }: DecisionScope,
): Promise<Decision> {
  const declared = await stage.inputs(context);
  const inputs = countedOf(stage, declared);
  const outdated = selection.outdated?.stage === stage.id ? selection.outdated : undefined;
  const counts = (result: StageRecord | Entry) => !outdated || begunAt(result) >= outdated.before;
  const missing = { fresh: false, declared, inputs } as const;
  const requested = (reason: string): Decision => ({
    ...{ ...missing, reason, stored: undefined, requested: true },
  });
  const inStore = async () =>
    stage.stored ? await shared?.find(stage.id, fingerprint(inputs), { ...context, imageDir }) : undefined;
  const because = async (reason: string): Promise<Decision> => {
    const stored = await inStore();
    if (stored && outdated && !counts(stored)) return requested(outdated.reason);
    return { ...missing, reason, stored, requested: false };
  };
  if (selection.force === stage.id) return requested(selection.reason ?? `requested by --force ${stage.id}`);
  if (selection.from && position(stages, stage.id) >= position(stages, selection.from))
    return requested(selection.reason ?? `requested by --from ${selection.from}`);
  if (lost?.has(stage.id)) return { ...missing, reason: LOST, stored: undefined, requested: false };
  const record = await readRecord(imageDir, stage.id, stage.outside?.(context));
  if (!record) return because('no finished earlier run');
  if (record.fingerprint !== fingerprint(inputs))
    return because(`changed: ${changed(record.inputs, inputs).join(', ')}`);
  const touched = await changedOutput(stageFolder(imageDir, stage.id), record);
  if (touched) return because(`output ${touched}`);
  if (outdated && !counts(record)) return because(outdated.reason);
  if (selection.elsewhere === stage.id) {
    const stored = await inStore();
    if (stored && begunAt(stored) > begunAt(record))
      return { ...missing, reason: 'the store has a newer result', stored, requested: false };
  }
  return { fresh: true, record };
}

/** Milliseconds since 1970 at which a result's making began: packages are fetched from its first minutes on. */
export function begunAt({ finishedAt, seconds }: Pick<StageRecord, 'finishedAt' | 'seconds'>): number {
  return Date.parse(finishedAt) - seconds * 1000;
}

/** The inputs of a stage that count, with the program: another one may find or judge otherwise. */
export function countedOf({ code }: Pick<Stage, 'code'>, declared: object): Inputs {
  return { ...counted(declared), program: programDigest(code) };
}

export function position(stages: readonly Stage[], id: StageId): number {
  return stages.findIndex((stage) => stage.id === id);
}

/** The stages of a run, in order, up to `until`. */
export function upTo(stages: readonly Stage[], until: StageId | undefined): readonly Stage[] {
  return until ? stages.slice(0, position(stages, until) + 1) : stages;
}
