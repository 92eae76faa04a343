import type { StageRecord } from '../../workspace/record.ts';
import type { StageId } from '../rows.ts';
import type { StageData } from '../types.ts';
import { decide, upTo } from './plan.ts';
import { contextFor, imageDirectory, type RunRequest } from './runner.ts';

export interface PlannedStage {
  stage: StageId;
  title: string;
  /** True: it would run; false: it is fresh. */
  runs: boolean;
  reason: string;
  /** True: it is fresh by what another builder has put in the store. */
  fromStore?: true;
  /** The tools it would start; known only when all earlier stages are fresh. */
  argv?: string[][];
}

/** A plan, with the records of the stages that are fresh by what is here. */
export interface Plan {
  stages: PlannedStage[];
  records: ReadonlyMap<StageId, StageRecord>;
}

/** The stages of a plan, see `planRun`. */
export async function planStages(request: RunRequest): Promise<PlannedStage[]> {
  return (await planRun(request)).stages;
}

/**
 * The plan of a run, without any change. After the first stage that would run, the later ones follow:
 * their inputs are not known before.
 */
export async function planRun(request: RunRequest): Promise<Plan> {
  const records = new Map<StageId, StageRecord>();
  const imageDir = imageDirectory(request.config, request.image);
  const data: Partial<StageData> = {};
  const plan: PlannedStage[] = [];
  let first: StageId | undefined;
  for (const stage of upTo(request.stages, request.selection.until)) {
    const context = contextFor(request, stage, data);
    const planned = { stage: stage.id, title: stage.title };
    if (first) {
      plan.push({ ...planned, runs: true, reason: `after ${first}`, ...(await argvOf()) });
      continue;
    }
    const decision = await decide(stage, context, { ...request, imageDir });
    if (decision.fresh) {
      records.set(stage.id, decision.record);
      Object.assign(data, { [stage.id]: decision.record.data });
      plan.push({ ...planned, runs: false, reason: 'fresh' });
    } else if (decision.stored && request.shared) {
      Object.assign(data, { [stage.id]: request.shared.recordOf(decision.stored, imageDir).data });
      plan.push({ ...planned, runs: false, reason: 'fresh, from the store', fromStore: true });
    } else {
      first = stage.id;
      plan.push({ ...planned, runs: true, reason: decision.reason, ...(await argvOf()) });
    }

    async function argvOf(): Promise<{ argv?: string[][] }> {
      return stage.argv ? { argv: await stage.argv(context) } : {};
    }
  }
  return { stages: plan, records };
}
