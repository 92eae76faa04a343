import type { Emit } from '../core/events/event.ts';
import { fromSystemError } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { keepBuilt } from '../image/diff/workspace.ts';
import { channelNote } from '../maas/images/promote-new.ts';
import { preflight } from '../stages/preflight.ts';
import type { StageId } from '../stages/rows.ts';
import { RunLog } from '../stages/run/run-log.ts';
import { imageDirectory, type RunOutcome, type RunRequest } from '../stages/run/runner.ts';
import type { StageData } from '../stages/types.ts';
import { readRecord } from '../workspace/record.ts';
import { artifactIn } from './artifact.ts';
import { changesSince } from './changes.ts';
import { nightFault } from './fault.ts';
import { type Renewal, renewed } from './renew.ts';
import type { ImageNight, NightArtifact, Promotion } from './types.ts';

/** An image of tonight with what its run needs. */
export interface ImageCandidate {
  request: RunRequest;
  /** The artifact of the last night, if there was one. */
  before: NightArtifact | null;
  /** ISO 8601; an interrupted night keeps its first start. */
  nightBegan: string;
}

export interface ImageContext {
  /** Runs the stages and writes the page on the run. */
  run(request: RunRequest): Promise<RunOutcome>;
  renewal: Renewal | null;
}

/**
 * One image's night: its stages. Whatever fails is in the result; only an interruption is thrown.
 * @throws Fault INTERRUPTED, TERMINATED
 */
export async function imageNight(candidate: ImageCandidate, context: ImageContext): Promise<ImageNight> {
  const { before, nightBegan } = candidate;
  const log = new RunLog();
  let request = watched(candidate.request, log);
  const { config, image, signal, env } = request;
  const imageDir = imageDirectory(config, image);
  const started = performance.now();
  const night: ImageNight = {
    image: image.name,
    status: 'unchanged',
    reason: '',
    seconds: 0,
    steps: [],
    failure: null,
    artifact: null,
    before,
    resources: [],
    acceptances: [],
    promoted: [],
    changes: null,
  };
  try {
    request = await renewed(request, context.renewal, nightBegan);
    const fresh = await preflight(request);
    night.promoted = promotionsOf(await context.run({ ...request, fresh }));
  } catch (error) {
    if (signal.aborted) throw interrupted(signal);
    night.status = 'failed';
    night.failure = nightFault(fromSystemError(error, `building ${image.name}`), log.failure?.stage ?? null);
  }
  night.steps = log.stages.map(({ stage, ...rest }) => ({ step: stage, ...rest }));
  night.resources = await resourcesIn(imageDir, log);
  if (isOfTonight(night)) Object.assign(night, await artifactIn(imageDir));
  if (night.artifact) {
    // Kept also without an upload: the next night compares with it.
    await keepBuilt(imageDir, env, before?.sha256).catch(() => {});
    if (before)
      night.changes = await changesSince(before, night.artifact, { image: image.name, imageDir, env });
  }
  if (night.status !== 'failed') {
    const tonight = ((await readRecord(imageDir, MAKES))?.finishedAt ?? '') >= nightBegan;
    Object.assign(night, verdictOn(night, log, tonight || cameNow(night, log)));
  } else night.reason = reasonOf(log.reasons) ?? 'it could not start';
  night.seconds = (performance.now() - started) / 1000;
  return night;
}

/** 20261128 as 2026-11-28. */
const dayOf = (date: string) => `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;

/** The stage whose run means a new artifact: a build is always packed. */
const MAKES = 'pack' satisfies StageId;
const UPLOADS = 'upload' satisfies StageId;
/** A channel that is moved says so by itself. */
const CHANNEL = 'promote' satisfies StageId;

const reasonOf = ([first]: RunLog['reasons']) => first && `${first.stage}: ${first.reason}`;

/** A run that failed before it had packed leaves the artifact of an earlier one in the folder. */
function isOfTonight({ failure, steps }: ImageNight): boolean {
  return failure === null || steps.some(({ step, state }) => step === MAKES && state !== 'failed');
}

/** Whether its artifact came from the store in this run, and is another one than that of the last night. */
function cameNow({ artifact, before }: ImageNight, { stages }: RunLog): boolean {
  const fetched = stages.some(({ stage, fromStore }) => stage === MAKES && fromStore);
  return fetched && artifact?.sha256 !== before?.sha256;
}

function verdictOn(
  { artifact, before, promoted }: ImageNight,
  log: RunLog,
  made: boolean,
): Pick<ImageNight, 'status' | 'reason'> {
  const reason = reasonOf(log.reasons.filter(({ stage }) => stage !== CHANNEL));
  if (made) {
    const now = log.stages.some(({ stage, state }) => stage === MAKES && state === 'ran');
    const elsewhere = log.stages.some(({ stage, fromStore }) => stage === MAKES && fromStore);
    const earlier = elsewhere ? 'built by another builder' : 'built before this night was interrupted';
    // That another host reads its medium is not why it was built.
    const reasons = [now ? '' : earlier, elsewhere ? '' : (reason ?? '')];
    return { status: 'built', reason: reasons.filter(Boolean).join('; ') };
  }
  if (reason !== undefined) return { status: 'updated', reason };
  if (before && artifact && before.sha256 !== artifact.sha256)
    return { status: 'updated', reason: 'built since the last night; all stages are fresh' };
  if (promoted.some(({ moved }) => moved))
    return { status: 'updated', reason: 'built before; the channel did not have it yet' };
  return {
    status: 'unchanged',
    reason: `all stages are fresh: no input, tool or setting has changed${artifact ? ` since the build of ${dayOf(artifact.date)}` : ''}`,
  };
}

/** The request, with its events noted, and every live line marked with its image. */
function watched(request: RunRequest, log: RunLog): RunRequest {
  const { name } = request.image;
  const emit: Emit = (event) => {
    log.see(event);
    if (event.type === 'progress' || event.type === 'activity')
      request.emit({ ...event, id: `${name}/${event.id}`, label: `${name}: ${event.label}` });
    else if (event.type === 'activity-end') request.emit({ ...event, id: `${name}/${event.id}` });
    else if (event.type === 'notice') request.emit({ ...event, message: `${name}: ${event.message}` });
    else if (event.type === 'log') request.emit({ ...event, source: `${name} ${event.source}` });
    else request.emit(event);
  };
  return { ...request, emit };
}

/** The uploads of this run, made or found in MAAS, whatever failed after that. */
async function resourcesIn(imageDir: string, { stages }: RunLog): Promise<ImageNight['resources']> {
  if (!stages.some(({ stage, state }) => stage === UPLOADS && state !== 'failed')) return [];
  const record = await readRecord<StageData[typeof UPLOADS]>(imageDir, UPLOADS);
  return (record?.data.resources ?? []).map(({ target, id, name }) => ({ target, id, name }));
}

/** The channels after the run; what an earlier run has moved was not moved in this one. */
function promotionsOf({ data, outcomes }: RunOutcome): Promotion[] {
  const ran = outcomes.some(({ stage, state }) => stage === CHANNEL && state === 'ran');
  return (data.promote?.moved ?? []).map((channel) => {
    const { target, name } = channel;
    const moved = ran && channel.moved;
    return { target, name, moved, note: channelNote({ ...channel, moved }) };
  });
}
