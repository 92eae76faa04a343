import { rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { underWay } from '../../core/events/under-way.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { RetryBudget } from '../../host/http/retry-budget.ts';
import { LockFolder } from '../../host/process/lock-folder.ts';
import { mediumFolder } from '../../workspace/layout.ts';
import { type ChecksumContext, remember, verifyChecksum } from './checksum.ts';
import type { LocalIso } from './facts.ts';
import type { Source } from './source.ts';
import { discard, Interruption, transfer } from './transfer.ts';

export interface DownloadContext extends ChecksumContext {
  /** Milliseconds before the second attempt; doubled with each further one. */
  retryMs?: number;
  stallMs?: number;
}

/** Attempts in a row that bring not one byte. */
const ATTEMPTS = 8;
const LONGEST_PAUSE_MS = 60_000;

/** The path of a download. The sum is part of the folder's name: two servers may call different files by one name. */
export function downloadPath(
  source: Extract<Source, { kind: 'url' }>,
  sha256: string,
  cacheDir: string,
): string {
  return join(mediumFolder(cacheDir, sha256), source.name);
}

/**
 * The ISO behind a URL as a verified file of the cache. An interrupted download goes on where it stopped, in the next
 * run too; a second process waits for the first.
 * @throws Fault ISO_DOWNLOAD, ISO_NOT_FOUND, ISO_CHECKSUM, ISO_TRUNCATED, NO_PERMISSION, DISK_FULL
 */
export async function download(
  source: Extract<Source, { kind: 'url' }>,
  sha256: string,
  context: DownloadContext,
): Promise<LocalIso> {
  const final = downloadPath(source, sha256, context.cacheDir);
  const dir = dirname(final);
  try {
    await makeFolders(dir);
  } catch (error) {
    throw fromSystemError(error, `creating ${dir}`);
  }
  const lost = new AbortController();
  const signal = AbortSignal.any([lost.signal, ...(context.signal ? [context.signal] : [])]);
  const release = await takeLock(final, source.shown, context, () =>
    lost.abort(new Fault('ISO_DOWNLOAD', `Another process has taken over the download of ${source.shown}`)),
  );
  try {
    return await fetchLocked(source, final, sha256, { ...context, signal });
  } finally {
    await release().catch(() => {});
  }
}

async function fetchLocked(
  source: Extract<Source, { kind: 'url' }>,
  final: string,
  sha256: string,
  context: DownloadContext,
): Promise<LocalIso> {
  const cached = await verified(final, sha256, context);
  if (cached) return cached;
  const part = `${final}.part`;
  const resumed = await stat(part).then(
    (s) => s.size > 0,
    () => false,
  );
  await persist(source, part, context);
  try {
    await verifyChecksum(part, sha256, context, `What ${source.shown} sent`);
  } catch (error) {
    if (!(error instanceof Fault) || (error.code !== 'ISO_CHECKSUM' && error.code !== 'ISO_TRUNCATED'))
      throw error;
    await discard(part);
    if (!resumed) throw error;
    context.emit({
      type: 'notice',
      level: 'warning',
      message: `The resumed download of ${source.name} has a wrong sha256; downloading it again.`,
    });
    return await fetchLocked(source, final, sha256, context);
  }
  await rename(part, final);
  await rm(`${part}.json`, { force: true });
  await remember(final, sha256, context.cacheDir);
  return { path: final, size: (await stat(final)).size, sha256 };
}

/** The file of an earlier run, unless it is gone or no longer what it was. */
async function verified(
  final: string,
  sha256: string,
  context: DownloadContext,
): Promise<LocalIso | undefined> {
  try {
    await stat(final);
    return await verifyChecksum(final, sha256, context);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof Fault) || (error.code !== 'ISO_CHECKSUM' && error.code !== 'ISO_TRUNCATED'))
      throw error;
    context.emit({
      type: 'notice',
      level: 'warning',
      message: `${final} was damaged; downloading it again.`,
    });
    await rm(final, { force: true });
    return undefined;
  }
}

/** Attempts until the file is whole; only attempts without any advance count against it. */
async function persist(
  source: Extract<Source, { kind: 'url' }>,
  part: string,
  context: DownloadContext,
): Promise<void> {
  const size = () =>
    stat(part).then(
      (s) => s.size,
      () => 0,
    );
  const budget = new RetryBudget({
    totalS: Number.POSITIVE_INFINITY,
    tries: ATTEMPTS,
    baseMs: context.retryMs ?? 1000,
    capMs: LONGEST_PAUSE_MS,
    askedCapMs: LONGEST_PAUSE_MS,
  });
  // A name server may come back while others are asked: no attempt is more than one of many.
  budget.reached();
  const signal = context.signal ?? new AbortController().signal;
  // Bytes that were lost and fetched again are not progress: a server that has another file each time would never end.
  let most = await size();
  for (;;) {
    try {
      await transfer(source, part, context);
      return;
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      const now = await size();
      if (now > most) budget.advanced();
      most = Math.max(most, now);
      const { message } = error;
      const failures = budget.attempt;
      if (failures >= ATTEMPTS)
        throw new Fault('ISO_DOWNLOAD', `Downloading ${source.shown} failed ${failures} times: ${message}`, {
          hint: 'Run the command again to continue.',
        });
      await budget.pause(error, signal, (seconds) =>
        context.emit({
          type: 'notice',
          level: 'info',
          message: `Downloading ${source.name}: ${message}; again in ${Math.ceil(seconds)} s.`,
        }),
      );
    }
  }
}

function takeLock(
  final: string,
  shown: string,
  context: DownloadContext,
  onLost: () => void,
): Promise<() => Promise<void>> {
  return underWay(context.emit, 'iso', () => locked(final, shown, context, onLost));
}

async function locked(
  final: string,
  shown: string,
  context: DownloadContext,
  onLost: () => void,
): Promise<() => Promise<void>> {
  const lock = new LockFolder(final, `${final}.lock`, `${final}.lock.json`);
  for (let waited = false; ; waited = true) {
    try {
      const release = await lock.attempt(`download of ${shown}`, onLost);
      if (release) return release;
    } catch (error) {
      throw fromSystemError(error, `locking ${final}`);
    }
    if (!waited)
      context.emit({
        type: 'activity',
        id: 'iso',
        label: `Waiting for another process that is downloading ${shown}`,
      });
    await pauseOr(context.signal, Math.min(context.retryMs ?? 1000, 1000));
  }
}

async function pauseOr(signal: AbortSignal | undefined, ms: number): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw interrupted(signal!);
  }
}
