import type { Emit } from '../core/events/event.ts';
import { fromSystemError } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { keepBuilt } from '../image/diff/workspace.ts';
import { resolveApiKey } from '../maas/api/key.ts';
import type { ChosenTarget } from '../maas/images/choose-targets.ts';
import { preflight } from '../stages/preflight.ts';
import type { StageId } from '../stages/rows.ts';
import { imageDirectory, type RunOutcome, type RunRequest } from '../stages/run/runner.ts';
import { readRecord } from '../workspace/record.ts';
import { artifactIn } from './artifact.ts';
import { changesSince } from './changes.ts';
import { promoteNew } from './channel.ts';
import { type Renewal, renewed } from './renew.ts';
import { StepLog } from './steps.ts';
import type { ImageNight, NightArtifact, Promotion } from './types.ts';

/** An image of tonight with what its run needs. */
export interface ImageCandidate {
  request: RunRequest;
  /** The artifact of the last night, if there was one. */
  before: NightArtifact | null;
  /** ISO 8601; an interrupted night goes on with its first start. */
  nightBegan: string;
}

export interface ImageContext {
  /** Runs the stages and writes the page on the run. */
  run(request: RunRequest): Promise<RunOutcome>;
  channel: string | null;
  renewal: Renewal;
  /** Where contents that channels show are kept. */
  keepIn: string;
}

/**
 * One image's night: its stages, then the channel. Whatever fails is in the result; only an interruption is thrown.
 * @throws Fault INTERRUPTED, TERMINATED
 */
export async function imageNight(candidate: ImageCandidate, context: ImageContext): Promise<ImageNight> {
  const { before, nightBegan } = candidate;
  const log = new StepLog();
  let request = watched(candidate.request, log);
  const { config, image, signal, env } = request;
  const imageDir = imageDirectory(config, image);
  const started = performance.now();
  const night: ImageNight = {
    image: image.name,
    status: 'unchanged',
    reason: '',
    seconds: 0,
    steps: log.steps,
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
    await preflight(request);
    const outcome = await context.run(request);
    night.resources = (outcome.data.upload?.resources ?? []).map(({ target, id, name }) => ({
      target,
      id,
      name,
    }));
    if (context.channel !== null) night.promoted = await promoteUploads(request, outcome, context, log);
  } catch (error) {
    if (signal.aborted) throw interrupted(signal);
    night.status = 'failed';
    night.failure = log.fault(fromSystemError(error, `building ${image.name}`));
  }
  if (isOfTonight(night)) Object.assign(night, await artifactIn(imageDir));
  if (night.artifact) {
    // Kept also without an upload: the next night compares with it.
    await keepBuilt(imageDir, env).catch(() => {});
    if (before)
      night.changes = await changesSince(before, night.artifact, { image: image.name, imageDir, env });
  }
  if (night.status !== 'failed') {
    const made = (await finishedAt(imageDir)).some((at) => at >= nightBegan);
    Object.assign(night, verdictOn(night, log, made));
  } else night.reason = log.reason ?? 'it could not begin';
  night.seconds = (performance.now() - started) / 1000;
  return night;
}

/** 20261128 as 2026-11-28. */
const dayOf = (date: string) => `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;

/** The stages that make an artifact. */
const MAKE: readonly string[] = ['build', 'pack'] satisfies StageId[];

async function finishedAt(imageDir: string): Promise<string[]> {
  const records = await Promise.all(MAKE.map((stage) => readRecord(imageDir, stage as StageId)));
  return records.flatMap((record) => (record ? [record.finishedAt] : []));
}

/** A run that failed before it had packed leaves the artifact of an earlier one in the folder. */
function isOfTonight({ failure, steps }: ImageNight): boolean {
  return failure === null || steps.some(({ step, state }) => step === 'pack' && state !== 'failed');
}

function verdictOn(
  { artifact, before, promoted }: ImageNight,
  log: StepLog,
  made: boolean,
): Pick<ImageNight, 'status' | 'reason'> {
  if (made) {
    const now = log.steps.some(({ step, state }) => MAKE.includes(step) && state === 'ran');
    const reasons = [now ? '' : 'built before this night was interrupted', log.reason ?? ''];
    return { status: 'built', reason: reasons.filter(Boolean).join('; ') };
  }
  if (log.reason !== undefined) return { status: 'updated', reason: log.reason };
  if (before && artifact && before.sha256 !== artifact.sha256)
    return { status: 'updated', reason: 'built since the last night; all stages are fresh' };
  if (promoted.some(({ moved }) => moved))
    return { status: 'updated', reason: 'built before; the channel did not show it yet' };
  return {
    status: 'unchanged',
    reason: `all stages are fresh: no input, tool or setting has changed${artifact ? ` since the build of ${dayOf(artifact.date)}` : ''}`,
  };
}

/** The request, with its events noted, and every live line told apart from those of other images. */
function watched(request: RunRequest, log: StepLog): RunRequest {
  const { name } = request.image;
  const emit: Emit = (event) => {
    log.see(event);
    if (event.type === 'progress' || event.type === 'activity')
      request.emit({ ...event, id: `${name}/${event.id}`, label: `${name}: ${event.label}` });
    else if (event.type === 'notice') request.emit({ ...event, message: `${name}: ${event.message}` });
    else if (event.type === 'log') request.emit({ ...event, source: `${name} ${event.source}` });
    else request.emit(event);
  };
  return { ...request, emit };
}

async function promoteUploads(
  request: RunRequest,
  { data }: RunOutcome,
  { channel, keepIn }: ImageContext,
  log: StepLog,
): Promise<Promotion[]> {
  const { config, image, emit, signal, env } = request;
  const uploads = data.upload?.resources ?? [];
  if (channel === null || uploads.length === 0) return [];
  return log.step('promote', async () => {
    const value: Promotion[] = [];
    for (const upload of uploads) {
      const target = config.targets[upload.target];
      if (!target) continue;
      const chosen: ChosenTarget = { target, key: await resolveApiKey(target, env, emit) };
      value.push(await promoteNew(chosen, upload, { image, channel, keepIn, emit, signal, env }));
    }
    const summary = value.map(({ target, name, note }) => `${name} on ${target} ${note}`).join('; ');
    return { value, summary, ran: value.some(({ moved }) => moved) };
  });
}
