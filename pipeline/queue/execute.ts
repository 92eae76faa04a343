import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config, ImageConfig } from '../config/types.ts';
import type { Emit } from '../core/events/event.ts';
import { CATALOGUE, type FaultCode } from '../core/faults/catalogue.ts';
import { Fault } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { packageRoot } from '../host/process/package-root.ts';
import { supervise } from '../host/process/supervise.ts';
import { ROWS, stageIdsOf } from '../stages/rows.ts';
import { imageDirectory } from '../stages/run/runner.ts';
import { sourceOf } from '../stages/table.ts';
import type { SharedResults } from '../store/results.ts';
import type { Store } from '../store/store.ts';
import { storedRecord } from '../workspace/layout.ts';
import { LOCK_HOLDER } from '../workspace/lock.ts';
import { readRecord, type StageRecord } from '../workspace/record.ts';
import type { HeldWorkspace } from './hold.ts';
import type { Timing } from './timing.ts';
import { inputDigests, UNTIL, type Unit, type UnitResult } from './unit.ts';
import type { Execute, ExecuteContext } from './work.ts';

export interface ExecutorOptions {
  /** The program that builds a unit, with its arguments; it writes its events to stderr and its result to stdout. */
  command(unit: Unit): readonly [string, ...string[]];
  /** Added to the allowed part of our environment: the variables that hold settings and keys. */
  env: Record<string, string>;
  config: Pick<Config, 'workspace'>;
  held: HeldWorkspace;
  images: Readonly<Record<string, Pick<ImageConfig, 'name' | 'archive'>>>;
  openStore(signal: AbortSignal): Promise<Store>;
  openShared(): Promise<SharedResults>;
  timing: Timing;
}

/** Milliseconds for a build to end its VM and its namespaces. */
const GRACE_MS = 8000;

/** The command that builds a unit: this program itself. @param config the configuration file, where one was named */
export function ownCommand({ image, builtSince }: Unit, config?: string): readonly [string, ...string[]] {
  const after = builtSince === null ? [] : ['--built-since', new Date(builtSince).toISOString()];
  return [
    ...([process.execPath, join(packageRoot(), 'bin', 'dgxos-maas.js')] as const),
    ...['--quiet', '--json', '--events', 'fd:2', ...(config === undefined ? [] : ['--config', config])],
    ...['run', image, '--until', UNTIL, ...after],
  ];
}

/** Builds a unit as a process of its own, so that a busy build never keeps the lock from being renewed, and sees its results in the store. */
export function executor(options: ExecutorOptions): Execute {
  return async (unit, context) => {
    const { signal, see } = context;
    const image = options.images[unit.image];
    if (!image) throw new Fault('UNIT_MISMATCH', `This worker has no image ${unit.image}`);
    return options.held.during(signal, async () => {
      const ended = await supervise(options.command(unit), {
        guarded: true,
        graceMs: GRACE_MS,
        env: { ...options.env, [LOCK_HOLDER]: String(process.pid) },
        signal,
        onLine(line, stream) {
          if (stream === 'stderr' && line.startsWith('{')) see(jsonOf(line));
        },
      });
      if (ended.exitCode !== 0 || ended.signal !== undefined) throw failureOf(ended, unit);
      return storedResults(unit, image, options, context);
    });
  };
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

function failureOf(
  {
    stdout,
    stderr,
    signal,
    exitCode,
  }: { stdout: string; stderr: string; signal?: string | undefined; exitCode: number },
  unit: Unit,
): Fault {
  const { error } = Object(jsonOf(stdout)) as { error?: Record<string, string> };
  if (error && Object.hasOwn(CATALOGUE, error.code ?? ''))
    return new Fault(error.code as FaultCode, error.message ?? '', {
      ...(error.hint && { hint: error.hint }),
      ...(error.detail && { detail: error.detail }),
    });
  const last = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  return new Fault(
    'TOOL_FAILED',
    `The build of ${unit.image} ended ${signal ? `by ${signal}` : `with exit code ${exitCode}`}`,
    {
      ...(last.length > 0 && { detail: last.slice(-10).join('\n') }),
    },
  );
}

/** The results of a finished unit, all of them in the store; a store that is away is waited for. */
async function storedResults(
  unit: Unit,
  image: Pick<ImageConfig, 'name' | 'archive'>,
  options: ExecutorOptions,
  { emit, signal }: ExecuteContext,
): Promise<UnitResult['results']> {
  const { timing } = options;
  const imageDir = imageDirectory(options.config as Config, image as ImageConfig);
  const records = await recordsOf(image, imageDir);
  const since = Date.now();
  for (let reported = false; ; reported = true) {
    const missing = await missingIn(records, options, signal);
    if (typeof missing !== 'string')
      return records.map(({ stage, fingerprint, inputs }) => ({
        stage,
        fingerprint,
        inputs: inputDigests(inputs),
      }));
    if (Date.now() - since > timing.storeWaitMs)
      throw new Fault('STORE_UNREACHABLE', `The result of ${unit.image} is not in the store: ${missing}`, {
        hint: 'The result is in the workspace of this worker; the next try puts it into the store.',
      });
    const warn: Emit = reported ? () => {} : emit;
    warn({ type: 'notice', level: 'warning', message: `${unit.image}: waits for the store: ${missing}` });
    await sleep(reported ? timing.storeRetryMs : 0, undefined, { signal }).catch(() => {
      throw interrupted(signal);
    });
    const shared = await options.openShared();
    try {
      for (const record of records) await shared.put(record, { imageDir, emit: warn, signal }, false);
    } finally {
      await shared.close();
    }
  }
}

/** The records of the stages that builders share, as the build has left them. */
async function recordsOf(image: Pick<ImageConfig, 'archive'>, imageDir: string): Promise<StageRecord[]> {
  const ids = stageIdsOf(sourceOf(image));
  const shared = ROWS.filter(
    (row) => 'stored' in row && ids.indexOf(row.id) <= ids.indexOf(UNTIL) && ids.includes(row.id),
  );
  const records = await Promise.all(shared.map(({ id }) => readRecord(imageDir, id)));
  return records.filter((record) => record !== undefined) as StageRecord[];
}

/** The reason for which a result is not in the store; undefined: they all are. */
async function missingIn(
  records: readonly StageRecord[],
  { openStore }: ExecutorOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  let store: Store | undefined;
  try {
    store = await openStore(signal);
    for (const { stage, fingerprint } of records)
      if ((await store.size(storedRecord(stage, fingerprint))) === undefined)
        return `${stage} was not kept there`;
    return undefined;
  } catch (error) {
    if (signal.aborted) throw interrupted(signal);
    if (!(error instanceof Error)) throw error;
    return error.message;
  } finally {
    store?.close();
  }
}
