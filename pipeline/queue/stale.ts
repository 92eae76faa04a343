import { decide, position, upTo } from '../stages/run/plan.ts';
import { contextFor, imageDirectory, type RunRequest } from '../stages/run/runner.ts';
import type { StageData } from '../stages/types.ts';
import { fingerprint, type Inputs } from '../workspace/fingerprint.ts';
import { UNTIL } from './unit.ts';

/** The first stage of a build that is neither here nor in the store. */
export interface StaleStage {
  stage: string;
  reason: string;
  fingerprint: string;
  inputs: Inputs;
  /** The first stage that builders share, whether it is there or not: the same for as long as the build goes on. */
  begin: { stage: string; fingerprint: string };
}

/** The first stage whose result must be made by a worker; undefined: all are here or in the store. The medium's own stage must have run. */
export async function staleStage(request: RunRequest): Promise<StaleStage | undefined> {
  const imageDir = imageDirectory(request.config, request.image);
  const data: Partial<StageData> = {};
  let begin: StaleStage['begin'] | undefined;
  for (const stage of upTo(request.stages, UNTIL)) {
    const decision = await decide(stage, contextFor(request, stage, data), { ...request, imageDir });
    const made = decision.fresh ? decision.record.fingerprint : fingerprint(decision.inputs);
    if (stage.stored) begin ??= { stage: stage.id, fingerprint: made };
    if (decision.fresh) Object.assign(data, { [stage.id]: decision.record.data });
    else if (decision.stored && request.shared)
      Object.assign(data, { [stage.id]: request.shared.recordOf(decision.stored, imageDir).data });
    else
      return {
        stage: stage.id,
        reason: decision.reason,
        fingerprint: made,
        inputs: decision.inputs,
        begin: begin ?? { stage: stage.id, fingerprint: made },
      };
  }
  return undefined;
}

/** The stage that looks at the medium or the sources: each host does it for itself. */
export function firstStage({ stages }: RunRequest) {
  const [first] = stages;
  if (!first || first.stored || position(stages, UNTIL) < 0) throw new Error('an image without a medium');
  return first.id;
}
