import { assertConsents } from '../config/consent.ts';
import { loadConfig, selectImage } from '../config/load.ts';
import { loadRelease } from '../config/releases/load.ts';
import type { Config } from '../config/types.ts';
import { Fault, fromSystemError } from '../core/faults/fault.ts';
import { rememberVersions } from '../host/process/version-output.ts';
import { lastRun } from '../report/page/last-run.ts';
import { planText } from '../report/text/plan-text.ts';
import { runSummary } from '../report/text/run-summary.ts';
import { preflight } from '../stages/preflight.ts';
import { planStages } from '../stages/run/dry-run.ts';
import type { Selection } from '../stages/run/plan.ts';
import { RunLog } from '../stages/run/run-log.ts';
import { imageDirectory, type RunOutcome, type RunRequest, runStages } from '../stages/run/runner.ts';
import { type OptionalStages, sourceOf, stagesFor } from '../stages/table.ts';
import { targetsOf } from '../stages/targets.ts';
import { sharedResults } from '../store/open.ts';
import { toolVersionsFile } from '../workspace/layout.ts';
import { LOCK_HOLDER, lockWorkspace } from '../workspace/lock.ts';
import type { Session } from './session.ts';
import { overridesOf, RUN_SETTINGS } from './setting-options.ts';
import { shareLedgerOf } from './share-ledger.ts';

/** Options of a run that are not settings of the configuration. */
export interface Flags {
  fast?: boolean;
  small?: boolean;
}

export interface RunImageOptions extends Selection, Flags, OptionalStages {
  /** Milliseconds since 1970; a build that was begun before does not count. */
  builtSince?: number;
  dryRun?: boolean;
  wait: boolean;
}

/** The request of a run, from the command line and the configuration. */
export async function requestFor(
  session: Session,
  name: string,
  selection: Selection,
  flags: Flags & OptionalStages = {},
): Promise<RunRequest> {
  const { fast, small } = flags;
  const { config, warnings, consents } = await loadConfig({
    file: session.configFile,
    env: session.env,
    cwd: process.cwd(),
    overrides: overridesOf(flags, RUN_SETTINGS, name),
  });
  for (const message of warnings) session.emit({ type: 'notice', level: 'warning', message });
  rememberVersions(toolVersionsFile(config.cache));
  await shareLedgerOf(config, session);
  const image = selectImage(config, name);
  assertConsents(consents, [name]);
  if (fast || small) image.compression = fast ? 'fast' : 'small';
  const stages = stagesFor(flags, sourceOf(image));
  for (const id of [selection.force, selection.from, selection.until])
    if (id && !stages.some((stage) => stage.id === id))
      throw new Fault('USAGE', `Image ${name} has no stage ${id}`, {
        hint: `Its stages are: ${stages.map((stage) => stage.id).join(', ')}.`,
      });
  return {
    config,
    image,
    release: await loadRelease(image.release),
    stages,
    selection,
    emit: session.emit,
    signal: session.signal,
    env: session.env,
    shared: await sharedResults(config.store, session),
  };
}

/** Runs the stages of one image under the workspace's lock and writes the summary. */
export async function runImage(session: Session, name: string, options: RunImageOptions): Promise<void> {
  const { force, from, until, builtSince: before } = options;
  const outdated = before !== undefined && {
    ...{ stage: 'build' as const, before },
    reason: `it was begun before ${new Date(before).toISOString()} (--built-since)`,
  };
  const selection = { force, from, until, ...(outdated && { outdated }) };
  const request = await requestFor(session, name, selection, options);
  if (options.dryRun) {
    const plan = await planStages(request);
    session.data({ ok: true, dryRun: true, image: name, stages: plan }, () =>
      planText(name, plan, session.paint),
    );
    return;
  }
  await preflight(request);
  if (options.accept && (await planStages(request)).some(({ stage, runs }) => stage === 'build' && runs)) {
    const { checkMachines } = await import('../maas/acceptance/preflight.ts');
    await checkMachines(await targetsOf(request), request);
  }
  await withLock(session, request.config, options.wait, `run ${name}`, async () => {
    const outcome = await runAndReport(request);
    session.data(
      { ok: true, image: name, seconds: outcome.seconds, stages: outcome.outcomes, ...outcome.data },
      () => runSummary(name, outcome, session.paint),
    );
  });
}

/** Runs the stages and writes the page on the run beside its records, whether it ended well or not. */
export async function runAndReport(request: RunRequest): Promise<RunOutcome> {
  const { emit, config, image, env } = request;
  const dir = imageDirectory(config, image);
  const log = new RunLog();
  const seen: RunRequest = {
    ...request,
    emit(event) {
      log.see(event);
      emit(event);
    },
  };
  // A page that cannot be written is not a reason to fail, and must not hide why a run did.
  const write = async () => {
    try {
      const { writeReport } = await import('../report/page/write-report.ts');
      return await writeReport(dir, { env, run: lastRun(log) });
    } catch (error) {
      const { message } = fromSystemError(error, 'writing the report');
      emit({ type: 'notice', level: 'warning', message });
      return undefined;
    }
  };
  const keep = async () => {
    const { keepBuilt } = await import('../image/diff/workspace.ts');
    await keepBuilt(dir, env);
  };
  let outcome: RunOutcome;
  try {
    outcome = await runStages(seen);
  } catch (error) {
    const { stages } = log;
    if (stages.length > 0) await write();
    // An uploaded image can be compared with later ones, whatever the result of its acceptance.
    if (stages.some(({ stage, state }) => stage === 'upload' && state === 'ran'))
      await keep().catch(() => {});
    throw error;
  }
  // A run that did nothing has nothing new to report.
  if (outcome.outcomes.every(({ state, fromStore }) => state === 'fresh' && !fromStore)) return outcome;
  outcome.report = await write();
  if (outcome.data.upload) await keep();
  return outcome;
}

/** Holds the workspace's lock while `body` runs. */
export async function withLock(
  session: Session,
  config: Config,
  wait: boolean,
  doing: string,
  body: () => Promise<void>,
): Promise<void> {
  const release = await lockWorkspace(config.workspace, {
    doing,
    wait,
    holder: Number(session.env[LOCK_HOLDER]) || undefined,
    emit: session.emit,
    signal: session.signal,
  });
  try {
    await body();
  } finally {
    await release();
  }
}
