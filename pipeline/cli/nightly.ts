import { availableParallelism, totalmem } from 'node:os';
import { relative, resolve } from 'node:path';
import { assertConsents } from '../config/consent.ts';
import { fileInForce } from '../config/find.ts';
import { loadConfig } from '../config/load.ts';
import { loadRelease } from '../config/releases/load.ts';
import type { Config } from '../config/types.ts';
import { parseAge } from '../config/units.ts';
import { EXIT } from '../core/faults/catalogue.ts';
import { Fault } from '../core/faults/fault.ts';
import { prepareFolder } from '../host/files/output.ts';
import { rememberVersions } from '../host/process/version-output.ts';
import { chooseImages } from '../nightly/choose-images.ts';
import { defaultJobs } from '../nightly/jobs.ts';
import { needsOf } from '../nightly/needs.ts';
import { type NightRequest, runNight } from '../nightly/night.ts';
import { nightText, planNightText } from '../nightly/output/text.ts';
import { NIGHT } from '../nightly/output/writers.ts';
import { planNight } from '../nightly/plan.ts';
import type { Renewal } from '../nightly/renew.ts';
import { endNight, folderOf, namedNight } from '../nightly/store.ts';
import type { Night } from '../nightly/types.ts';
import { writeNight } from '../nightly/write.ts';
import { type FormatFlags, writeReports } from '../report/formats/write.ts';
import { imageDirectory, type RunRequest } from '../stages/run/runner.ts';
import { sourceOf, stagesFor } from '../stages/table.ts';
import { sharedResults } from '../store/open.ts';
import { keptFolder, toolVersionsFile } from '../workspace/layout.ts';
import { channelName } from '../workspace/ledger/channel.ts';
import { runAndReport, withLock } from './run-image.ts';
import type { Session } from './session.ts';
import { NIGHTLY_SETTINGS, overridesOf } from './setting-options.ts';
import { shareLedgerOf } from './share-ledger.ts';

export interface NightlyOptions extends FormatFlags {
  dryRun?: boolean;
  force?: boolean;
  accept?: boolean;
  rehearse?: boolean;
  channel?: string;
  promote: boolean;
  build: boolean;
  upload: boolean;
  prune: boolean;
  out?: string;
  since?: string;
  exitCode?: boolean;
  wait: boolean;
  /** False: the images are built here, whatever the configuration says. */
  queue?: string | false;
  tries: number;
}

/** `nightly`: chooses the images, runs the night under the workspace's lock, writes the summary where it is wanted. */
export async function nightly(session: Session, patterns: string[], options: NightlyOptions): Promise<void> {
  const { emit, signal, env } = session;
  const { requests, channel } = await requestsFor(session, patterns, options);
  const [first] = requests;
  if (!first) return;
  const { config } = first;
  // A wrong name is reported before hours of building.
  if (channel !== null) channelName(first.image, channel);
  const retention = options.upload && options.prune ? config.retention : null;
  const since = options.since === undefined ? undefined : await namedNight(resolve(options.since));
  if (options.out !== undefined && !options.dryRun) await prepareFolder(options.out, '--out');
  const jobs = config.nightly.jobs ?? defaultJobs(await Promise.all(requests.map(needsOf)), hostSize());
  const renewal = renewalOf(config, options);
  if (options.dryRun) {
    const images = await planNight(requests, renewal);
    const after = [
      `Images built at the same time: ${jobs}.`,
      ...(channel === null ? [] : [`Good images would be promoted to the channel ${channel}.`]),
      ...(retention
        ? [
            `Older uploads would be pruned: the newest ${retention.keep} of each image and all of the last ${retention.days} days are kept.`,
          ]
        : []),
    ];
    session.data({ ok: true, dryRun: true, jobs, channel, retention, images }, () =>
      planNightText(images, after, session.paint),
    );
    return;
  }
  await withLock(session, config, options.wait, 'nightly', async () => {
    const keepIn = keptFolder(config.workspace);
    const request = { requests, renewal, since, channel, retention, keepIn, emit, signal, env };
    const night =
      options.queue === false || config.queue.place === null
        ? await runNight({ ...request, jobs, run: runAndReport })
        : await nightOfWorkers(session, { ...request, jobs }, options.tries);
    const folder = await folderOf(config.workspace, night.id);
    const imageDirs = new Map(
      requests.map((request) => [request.image.name, imageDirectory(config, request.image)]),
    );
    const folders = options.out === undefined ? [folder] : [resolve(options.out), folder];
    const report = await writeNight(night, imageDirs, folders, gitlabArtifacts(options.out, env));
    await endNight(config.workspace);
    const document = await writeReports('nightly', options, report, NIGHT, env);
    session.data(
      { ok: night.outcome !== 'broken', folder, ...night },
      () => document ?? nightText(night, folder, session.paint),
      document === undefined ? undefined : 'document',
    );
    session.exitCode =
      night.outcome === 'unchanged' && options.exitCode === true ? EXIT.unchanged : night.exitCode;
  });
}

/** The same night, with builds by the workers of a queue: all images are followed at the same time. */
async function nightOfWorkers(
  session: Session,
  night: Omit<NightRequest, 'run'>,
  tries: number,
): Promise<Night> {
  const { withQueue } = await import('./queue/night.ts');
  const { config } = night.requests[0] as RunRequest;
  const file = fileInForce({ file: session.configFile, env: session.env, cwd: process.cwd() });
  const options = { config, file, tries, jobs: night.jobs, run: runAndReport };
  return withQueue(session, options, (run) => runNight({ ...night, jobs: night.requests.length, run }));
}

/** The images of a night with what their runs need, and the channel that good ones are promoted to. */
export async function requestsFor(
  session: Session,
  patterns: string[],
  options: NightlyOptions,
): Promise<{ requests: RunRequest[]; channel: string | null }> {
  const { emit, signal, env } = session;
  const { upload, accept } = options;
  const { config, warnings, consents } = await loadConfig({
    file: session.configFile,
    env,
    cwd: process.cwd(),
    overrides: overridesOf({ ...options, queue: options.queue || undefined }, NIGHTLY_SETTINGS),
  });
  for (const message of warnings) emit({ type: 'notice', level: 'warning', message });
  rememberVersions(toolVersionsFile(config.cache));
  const channel = upload && options.promote ? (options.channel ?? config.nightly.channel) : null;
  const chosen = chooseImages(config, patterns);
  assertConsents(
    consents,
    chosen.map(({ name }) => name),
  );
  await shareLedgerOf(config, session);
  const shared = await sharedResults(config.store, session);
  const requests = await Promise.all(
    chosen.map(async (image): Promise<RunRequest> => {
      const { machines, tags } = image.acceptance;
      const rehearse = options.rehearse ?? config.nightly.rehearse;
      const accepts = upload && (accept ?? machines.length + tags.length > 0);
      return {
        config,
        image,
        release: await loadRelease(image.release),
        stages: stagesFor({ rehearse, accept: accepts, promote: channel ?? undefined }, sourceOf(image)),
        // All of them: what is not asked for is not among them.
        selection: {
          ...(upload ? {} : { until: rehearse ? 'rehearse' : 'validate' }),
          ...(options.build ? {} : { elsewhere: 'build' }),
        },
        emit,
        signal,
        env,
        shared,
      };
    }),
  );
  return { requests, channel };
}

/** The age at which a build is due; null where other builders decide it. @throws Fault USAGE */
export function renewalOf(
  { nightly }: Config,
  { force, build }: Pick<NightlyOptions, 'force' | 'build'>,
): Renewal | null {
  if (!build && force) throw new Fault('USAGE', '--force requests builds, and --no-build allows none');
  return build ? { rebuildAfterS: parseAge(nightly.rebuildAfter) ?? null, force: force === true } : null;
}

/** Of the host, or of the container that this runs in. */
function hostSize() {
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return { cpus: availableParallelism(), memoryBytes: Math.min(totalmem(), limit) };
}

/** URL of the folder among the artifacts of a job of GitLab, as far as it is within the job's project. */
function gitlabArtifacts(out: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (!env.CI_JOB_URL || !env.CI_PROJECT_DIR || out === undefined) return undefined;
  const path = relative(env.CI_PROJECT_DIR, resolve(out));
  return path.startsWith('..') ? undefined : `${env.CI_JOB_URL}/artifacts/file/${path}`;
}
