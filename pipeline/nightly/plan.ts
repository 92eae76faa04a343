import { Fault } from '../core/faults/fault.ts';
import { type PlannedStage, planStages } from '../stages/run/dry-run.ts';
import type { RunRequest } from '../stages/run/runner.ts';
import { nightFault } from './fault.ts';
import { type Renewal, renewed } from './renew.ts';
import type { NightFault } from './types.ts';

export interface PlannedImage {
  image: string;
  builds: boolean;
  reason: string;
  stages: PlannedStage[];
  /** Why it could not even be planned: an ISO that is not there, a tool that is missing. */
  failure: NightFault | null;
}

/** The plan of a night for each image, without any change. */
export async function planNight(
  requests: readonly RunRequest[],
  renewal: Renewal | null,
): Promise<PlannedImage[]> {
  const plans: PlannedImage[] = [];
  for (const request of requests) {
    const { name: image } = request.image;
    try {
      const stages = await planStages(await renewed(request, renewal, new Date().toISOString()));
      const first = stages.find((stage) => stage.runs);
      const reason = first ? `${first.stage}: ${first.reason}` : 'all stages are fresh';
      plans.push({ image, builds: first !== undefined, reason, stages, failure: null });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      plans.push({
        image,
        builds: false,
        reason: error.message,
        stages: [],
        failure: nightFault(error, null),
      });
    }
  }
  return plans;
}
