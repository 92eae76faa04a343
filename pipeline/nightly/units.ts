import { access } from 'node:fs/promises';
import { Fault } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import type { StageId } from '../stages/rows.ts';
import { planStages } from '../stages/run/dry-run.ts';
import { contextFor, type RunRequest, runStages } from '../stages/run/runner.ts';
import type { BuildNeeds } from './jobs.ts';
import { type BuilderLabels, labelsOf } from './labels.ts';
import { needsOf } from './needs.ts';
import { type Renewal, renewed } from './renew.ts';

/** The last stage of a unit: everything after it is done by one job, for all images. */
export const UNIT_ENDS: StageId = 'pack';

/** One image that a builder has to build. */
export interface Unit extends BuilderLabels {
  image: string;
  /** The first stage that is not fresh, and why. */
  reason: string;
  needs: BuildNeeds;
  /** ISO 8601: a build that was begun before does not count. */
  builtSince: string;
}

/** The units of a night, and the images whose artifacts are here or in the store. */
export interface NightUnits {
  units: Unit[];
  fresh: string[];
}

/**
 * The images that builders must build before a night can upload them. Media on this host are read first (which needs the workspace's
 * lock), since results in the store are found by what is on them; nothing is downloaded for it.
 * @param nightBegan ISO 8601
 * @throws Fault INTERRUPTED, TERMINATED
 */
export async function unitsOf(
  requests: readonly RunRequest[],
  renewal: Renewal | null,
  nightBegan: string,
): Promise<NightUnits> {
  const found: NightUnits = { units: [], fresh: [] };
  for (const request of requests) {
    const due = await renewed(request, renewal, nightBegan);
    const reason = await reasonToBuild(due);
    const { name: image } = request.image;
    if (reason === undefined) found.fresh.push(image);
    else {
      const builtSince = new Date(due.selection.outdated?.before ?? 0).toISOString();
      found.units.push({
        ...{ image, reason, builtSince, needs: await needsOf(request) },
        ...(await labelsOf(request)),
      });
    }
  }
  return found;
}

/** Undefined where everything up to the artifact is fresh. What cannot be planned here is left to a builder. */
async function reasonToBuild(request: RunRequest): Promise<string | undefined> {
  const { emit, signal, image } = request;
  try {
    await readMedia(request);
    const selection = { ...request.selection, until: UNIT_ENDS };
    const first = (await planStages({ ...request, selection })).find(({ runs }) => runs);
    return first && `${first.stage}: ${first.reason}`;
  } catch (error) {
    if (signal.aborted) throw interrupted(signal);
    if (!(error instanceof Fault)) throw error;
    const { message, hint } = error;
    emit({
      type: 'notice',
      level: 'warning',
      message: `${image.name}: ${message}`,
      ...(hint ? { hint } : {}),
    });
    return `this host cannot plan it: ${message}`;
  }
}

/** Runs the stages before the first one of the store, if their media are on this host. */
async function readMedia(request: RunRequest): Promise<void> {
  const { stages } = request;
  const first = stages.findIndex(({ stored }) => stored);
  const until = stages[first - 1]?.id;
  if (until === undefined) return;
  for (const stage of stages.slice(0, first))
    for (const path of Object.values(stage.outside?.(contextFor(request, stage, {})) ?? {}))
      if (!(await isThere(path))) return;
  await runStages({ ...request, selection: { ...request.selection, until } });
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
