import { setTimeout as sleep } from 'node:timers/promises';
import type { LimitFunction } from 'p-limit';
import type { Event } from '../core/events/event.ts';
import { Fault } from '../core/faults/fault.ts';
import { upTo } from '../stages/run/plan.ts';
import { type RunOutcome, type RunRequest, runStages } from '../stages/run/runner.ts';
import type { SharedResults } from '../store/results.ts';
import type { QueueClient } from './client.ts';
import { needOf } from './needs.ts';
import { firstStage, type StaleStage, staleStage } from './stale.ts';
import type { Timing } from './timing.ts';
import { inputDigests, type Origin, type Unit, type UnitResult } from './unit.ts';

export interface QueuedNight {
  client: QueueClient;
  origin: Origin;
  /** Tries of a unit. */
  tries: number;
  timing: Timing;
  /** The store as this moment finds it: one that was away may be back. */
  openShared(): Promise<SharedResults>;
  /** Runs the stages on this host, and writes the page on the run. */
  run(request: RunRequest): Promise<RunOutcome>;
  /** Limits what is done on this host at the same time. */
  limit: LimitFunction;
  /** The units that are in the queue or are built: for who is asked whether to cancel them. */
  open: Map<string, Unit>;
}

/**
 * The run of an image in a night with a queue: a worker builds, and what needs the ledger or the MAAS of this host is done here, with the
 * results from the store. A build that is here or in the store is not submitted.
 */
export function queuedRun(night: QueuedNight): (request: RunRequest) => Promise<RunOutcome> {
  return async (request) => {
    const started = performance.now();
    const stages = upTo(request.stages, request.selection.until).map(({ id }) => id);
    const { name: image } = request.image;
    let ok = false;
    request.emit({ type: 'run-start', image, stages });
    try {
      const outcome = await runParts(withoutRun(request), night);
      ok = true;
      return outcome;
    } finally {
      request.emit({ type: 'run-end', image, ok, seconds: (performance.now() - started) / 1000 });
    }
  };
}

/** Looks at the medium here, lets a worker build, and does the rest here. */
async function runParts(request: RunRequest, night: QueuedNight): Promise<RunOutcome> {
  const first = firstStage(request);
  await night.limit(() => runStages({ ...request, selection: { until: first } }));
  const stale = await looked(request, night);
  if (!stale) return night.limit(async () => night.run({ ...request, shared: await night.openShared() }));
  const unit = await submitted(stale, request, night);
  night.open.set(unit.image, unit);
  let result: UnitResult;
  try {
    result = await night.client.follow(unit, {
      emit: followed(request),
      signal: request.signal,
    });
  } finally {
    if (!request.signal.aborted) night.open.delete(unit.image);
  }
  const local = afterUnit(request, unit);
  await assertThere(local, result, night);
  return night.limit(async () => night.run({ ...withoutFetched(local), shared: await night.openShared() }));
}

async function looked(request: RunRequest, { openShared }: QueuedNight): Promise<StaleStage | undefined> {
  const shared = await openShared();
  try {
    return await staleStage({ ...request, shared });
  } finally {
    await shared.close();
  }
}

async function submitted(stale: StaleStage, request: RunRequest, night: QueuedNight): Promise<Unit> {
  const { image, selection, emit } = request;
  const { stage, begin, reason } = stale;
  const builtSince = selection.outdated?.before ?? null;
  const unit = await night.client.submit({
    ...{ format: 1, image: image.name, ...night.origin, need: await needOf(request) },
    ...{ ...begin, builtSince, tries: night.tries, lostBefore: 0 },
  });
  emit({ type: 'notice', level: 'info', message: `in the queue: ${stage}: ${reason}` });
  return unit;
}

/** The request for this host when a worker has built: it never builds itself, and a build that the unit did not count does not count here either. */
function afterUnit(request: RunRequest, { builtSince }: Unit): RunRequest {
  const selection = { ...request.selection, elsewhere: 'build' as const };
  if (builtSince === null) return { ...request, selection };
  const reason = 'the build in the store is older than the one that was submitted';
  return {
    ...request,
    selection: { ...selection, outdated: { stage: 'build', before: builtSince, reason } },
  };
}

/**
 * Waits until the store has the results as seen from this host: a network file system may report a new file late.
 * @throws Fault UNIT_MISMATCH when the worker has built something else, STORE_UNREACHABLE
 */
async function assertThere(request: RunRequest, result: UnitResult, night: QueuedNight): Promise<void> {
  const since = Date.now();
  for (let quieter = request; ; quieter = { ...quieter, emit() {} }) {
    const stale = await looked(quieter, night);
    if (!stale) return;
    const made = result.results.find(({ stage }) => stage === stale.stage);
    if (made && made.fingerprint !== stale.fingerprint)
      throw mismatch(request.image.name, stale, result.worker, made);
    if (Date.now() - since > night.timing.storeWaitMs / 10)
      throw new Fault(
        'STORE_UNREACHABLE',
        `Worker ${result.worker} has built ${request.image.name}, and its ${stale.stage} cannot be found in the store from here (${stale.reason})`,
        {
          hint: 'Check that `store:` leads to the same folder or server on all hosts. Then run the command again: nothing is built twice.',
        },
      );
    await sleep(night.timing.pollMs, undefined, { signal: request.signal }).catch(() => {
      throw request.signal.reason;
    });
  }
}

function mismatch(
  image: string,
  { stage, inputs }: StaleStage,
  worker: string,
  made: UnitResult['results'][number],
): Fault {
  const own = inputDigests(inputs);
  const names = [...new Set([...Object.keys(own), ...Object.keys(made.inputs)])].filter(
    (name) => own[name] !== made.inputs[name],
  );
  return new Fault(
    'UNIT_MISMATCH',
    `Worker ${worker} has built ${image} from other inputs than this host has: ${stage}: ${names.join(', ')}`,
    {
      hint: 'Use the same tools, files and settings on all hosts, or start the night on a host like the workers.',
    },
  );
}

/** The request with its events but those of the run as a whole, whose parts are runs, too. */
function withoutRun(request: RunRequest): RunRequest {
  return {
    ...request,
    emit(event) {
      if (event.type !== 'run-start' && event.type !== 'run-end') request.emit(event);
    },
  };
}

/** The reports of the worker, but on the medium, which was looked at here, too, and on stages that an earlier try has made. */
function followed(request: RunRequest): (event: Event) => void {
  const known = new Set<string>([firstStage(request)]);
  return (event) => {
    if ('image' in event && event.image !== request.image.name) return;
    if ('stage' in event && known.has(event.stage)) return;
    if (event.type === 'stage-end' || event.type === 'stage-fresh') known.add(event.stage);
    request.emit(event);
  };
}

/** The request without the lines on stages that the worker has reported already: they come from the store now. */
function withoutFetched(request: RunRequest): RunRequest {
  const first = firstStage(request);
  return {
    ...request,
    emit(event) {
      const known = event.type === 'stage-fresh' && (event.fromStore || event.stage === first);
      if (!known) request.emit(event);
    },
  };
}
