import { chmod } from 'node:fs/promises';
import type { Config, ImageConfig, Release } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { removeTree } from '../../host/namespaces.ts';
import type { SharedContext, SharedResults } from '../../store/results.ts';
import { fingerprint, resolved } from '../../workspace/fingerprint.ts';
import { imageFolder, stageFolder } from '../../workspace/layout.ts';
import { deleteRecord, describeFiles, type StageRecord, writeRecord } from '../../workspace/record.ts';
import type { StageId } from '../rows.ts';
import type { Stage, StageContext, StageData } from '../types.ts';
import { type Decision, decide, type Missing, position, type Selection, upTo } from './plan.ts';

export interface RunRequest {
  config: Config;
  image: ImageConfig;
  release: Release;
  stages: readonly Stage[];
  selection: Selection;
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
  /** The results that builders share; without it each stage runs here. */
  shared?: SharedResults | undefined;
  /**
   * The records of all stages, where a plan has just found each of them fresh, under the lock that the run has too: they are not decided
   * again.
   */
  fresh?: ReadonlyMap<StageId, StageRecord> | undefined;
}

export interface StageOutcome {
  stage: StageId;
  state: 'fresh' | 'ran';
  /** True: it is fresh by what another builder has put in the store. */
  fromStore?: true;
  seconds: number;
  summary: string;
}

export interface RunOutcome {
  outcomes: StageOutcome[];
  seconds: number;
  data: Partial<StageData>;
  /** The page on the run, where one was written. */
  report?: string;
}

/** The folder of the work and the records of one image. */
export const imageDirectory = (config: Config, image: ImageConfig) =>
  imageFolder(config.workspace, image.name);

/** The context in which a stage decides and runs; `data` is what the earlier stages handed over. */
export function contextFor(
  request: RunRequest,
  stage: Pick<Stage, 'id' | 'needs'>,
  data: Partial<StageData>,
): StageContext {
  return {
    config: request.config,
    image: request.image,
    release: request.release,
    dir: stageFolder(imageDirectory(request.config, request.image), stage.id),
    emit: request.emit,
    signal: request.signal,
    env: request.env,
    output(id) {
      if (!stage.needs.includes(id)) throw new Error(`stage ${stage.id} reads ${id}, which it does not need`);
      const found = data[id];
      if (found === undefined) throw new Error(`stage ${stage.id} reads ${id}, which has not run`);
      return found;
    },
  };
}

/**
 * Runs the stages of one image in order; what is fresh is left alone. Needs the workspace's lock.
 * @throws the Fault of the first stage that fails; a later run goes on there
 */
export async function runStages(request: RunRequest): Promise<RunOutcome> {
  const started = performance.now();
  const image = request.image.name;
  const imageDir = imageDirectory(request.config, request.image);
  const data: Partial<StageData> = {};
  const records = new Map<StageId, StageRecord>();
  const lost = new Set<StageId>();
  const outcomes: StageOutcome[] = [];
  const stages = upTo(request.stages, request.selection.until);
  request.emit({ type: 'run-start', image, stages: stages.map((stage) => stage.id) });
  try {
    for (let at = 0; at < stages.length; at += 1) {
      const stage = stages[at] as Stage;
      if (request.signal.aborted) throw interrupted(request.signal);
      const context = contextFor(request, stage, data);
      const known = request.fresh?.get(stage.id);
      const decision: Decision = known
        ? { fresh: true, record: known }
        : await decide(stage, context, { ...request, imageDir, lost });
      const place = { ...context, imageDir };
      const found = await existing(decision, stage.large, request.shared, place);
      if (!found && stage.stored && mustBeReady(stages, stage.id, request.selection))
        throw notReady(image, stage.id, (decision as Missing).reason);
      const missing = found ? undefined : await unreadable(stage, records, request.shared, place);
      if (missing !== undefined) {
        lost.add(missing);
        at = position(stages, missing) - 1;
        outcomes.length = at + 1;
        continue;
      }
      let record: StageRecord;
      if (found) {
        record = found.record;
        request.emit({ type: 'stage-fresh', image, stage: stage.id, ...fromStore(found) });
      } else {
        const making = decision as Missing;
        request.emit({ type: 'stage-start', image, stage: stage.id, reason: making.reason });
        record = await runOne(stage, context, { ...request, imageDir, missing: making });
        request.emit({
          type: 'stage-end',
          image,
          stage: stage.id,
          seconds: record.seconds,
          summary: record.summary,
        });
        if (stage.stored) await request.shared?.put(record, place, making.requested);
      }
      records.set(stage.id, record);
      Object.assign(data, { [stage.id]: record.data });
      outcomes.push({
        stage: stage.id,
        state: found ? 'fresh' : 'ran',
        ...fromStore(found),
        seconds: found ? 0 : record.seconds,
        summary: record.summary,
      });
    }
  } catch (error) {
    request.emit({ type: 'run-end', image, ok: false, seconds: (performance.now() - started) / 1000 });
    throw error;
  }
  const seconds = (performance.now() - started) / 1000;
  request.emit({ type: 'run-end', image, ok: true, seconds });
  return { outcomes, seconds, data };
}

interface Found {
  record: StageRecord;
  fromStore: boolean;
}

const fromStore = (found: Found | undefined) => (found?.fromStore ? ({ fromStore: true } as const) : {});

/**
 * The result that need not be made: it is here, or is fetched from the store but for its large file; undefined where the stage must
 * run.
 */
async function existing(
  decision: Decision,
  large: string | undefined,
  shared: SharedResults | undefined,
  place: SharedContext,
): Promise<Found | undefined> {
  if (decision.fresh) return { record: decision.record, fromStore: false };
  const record = decision.stored && (await shared?.take(decision.stored, place, large));
  return record && { record, fromStore: true };
}

/**
 * Fetches the large files that a stage reads and that were left in the store.
 * @returns an earlier stage that must run, since they cannot be fetched any more
 */
async function unreadable(
  { needs }: Stage,
  records: Map<StageId, StageRecord>,
  shared: SharedResults | undefined,
  place: SharedContext,
): Promise<StageId | undefined> {
  for (const need of needs) {
    const record = records.get(need);
    if (!record?.files.some(({ absent }) => absent)) continue;
    const entry = await shared?.find(need, record.fingerprint, place);
    const whole = entry && (await shared?.take(entry, place));
    if (!whole) return need;
    records.set(need, whole);
  }
  return undefined;
}

const mustBeReady = (stages: readonly Stage[], id: StageId, { readyUntil }: Selection) =>
  readyUntil !== undefined && position(stages, id) <= position(stages, readyUntil);

/** The Fault of an image that a command only hands over, and that would have to be built. */
export function notReady(image: string, stage: StageId, reason: string): Fault {
  return new Fault('IMAGE_NOT_BUILT', `Image ${image} is not ready for upload: ${stage}: ${reason}`, {
    hint: `Run dgxos-maas build ${image}, or dgxos-maas run ${image}, which also uploads it.`,
  });
}

async function runOne(
  stage: Stage,
  context: StageContext,
  {
    imageDir,
    missing,
    selection,
    image: { name: image },
  }: RunRequest & { imageDir: string; missing: Missing },
): Promise<StageRecord> {
  const { declared, inputs } = missing;
  const started = performance.now();
  try {
    if (selection.elsewhere === stage.id)
      throw new Fault(
        'BUILD_MISSING',
        `No result of ${stage.id} is here or in the store (${missing.reason})`,
        {
          hint: `Run it on a builder: dgxos-maas run ${image} --until pack`,
        },
      );
    await deleteRecord(imageDir, stage.id);
    await removeTree(context.dir);
    await makeFolders(imageDir, 0o700);
    // One of an earlier release.
    await chmod(imageDir, 0o700);
    await makeFolders(context.dir, 0o700);
    const { dir, emit, signal, env } = context;
    const result = await stage.run(resolved(declared), { dir, emit, signal, env });
    const record = {
      stage: stage.id,
      fingerprint: fingerprint(inputs),
      inputs,
      data: result.data,
      files: await describeFiles(context.dir, result.files),
      summary: result.summary,
      seconds: (performance.now() - started) / 1000,
      finishedAt: new Date().toISOString(),
    };
    await writeRecord(imageDir, record);
    return { format: 0, ...record };
  } catch (error) {
    const fault = context.signal.aborted
      ? interrupted(context.signal)
      : fromSystemError(error, `running stage ${stage.id}`);
    const seconds = (performance.now() - started) / 1000;
    context.emit({ type: 'stage-failed', image, stage: stage.id, seconds, error: fault });
    throw fault;
  }
}
