import { interrupted } from '../core/faults/interrupted.ts';
import { begunAt } from '../stages/run/plan.ts';
import { imageDirectory, type RunRequest } from '../stages/run/runner.ts';
import { readRecord } from '../workspace/record.ts';
import { archiveDate } from './archive-date.ts';
import { archivesOf } from './archives.ts';

/** The age at which a finished build counts as old although nothing of the configuration has changed. */
export interface Renewal {
  /** Age in seconds; null: never by age. */
  rebuildAfterS: number | null;
  /** Every build that was begun before this night. */
  force: boolean;
}

const DAY_S = 86_400;
/** A night does not begin to the minute: what comes of age within half a day is due now, not a night late. */
const GRACE_S = DAY_S / 2;

/**
 * The request, with the time before which a build, here or in the store, was begun too early: it is forced, too old, or older than the
 * archives that it uses. An archive that does not answer is named, and does not make a build due.
 * @param renewal null: no build is too old
 * @param nightBegan ISO 8601
 */
export async function renewed(
  request: RunRequest,
  renewal: Renewal | null,
  nightBegan: string,
): Promise<RunRequest> {
  if (renewal === null) return request;
  const { rebuildAfterS, force } = renewal;
  const { config, image, selection, shared } = request;
  const record = await readRecord(imageDirectory(config, image), 'build');
  if (!record && !shared) return request;
  const night = Date.parse(nightBegan);
  const began = record ? begunAt(record) : night;
  const built = `built ${shown(began)}`;
  const ageS = (night - began) / 1000;
  const outdated = (before: number, reason: string): RunRequest => ({
    ...request,
    selection: { ...selection, outdated: { stage: 'build', before, reason } },
  });
  // A night that goes on after an interruption does not build twice.
  if (force && ageS > 0) return outdated(night, 'requested by --force');
  const dueS = rebuildAfterS === null ? null : rebuildAfterS - (rebuildAfterS >= DAY_S ? GRACE_S : 0);
  if (dueS !== null && ageS > dueS)
    return outdated(
      night - dueS * 1000,
      `${built}, which is ${spanOf(ageS)} ago (nightly.rebuild_after: ${spanOf(rebuildAfterS as number)})`,
    );
  const newest = await newestArchive(request);
  if (record && newest && newest.at > began)
    return outdated(newest.at, `${newest.name} is of ${shown(newest.at)}, after this was ${built}`);
  if (!shared) return request;
  // The same holds for a build that another builder has put in the store.
  const before = Math.max(force ? night : 0, dueS === null ? 0 : night - dueS * 1000, newest?.at ?? 0);
  return outdated(before, `the build in the store was begun before ${shown(before)}`);
}

async function newestArchive({
  image,
  release,
  emit,
  signal,
}: RunRequest): Promise<{ at: number; name: string } | undefined> {
  const folders = await archivesOf(image, release);
  const dates = await Promise.allSettled(folders.map((folder) => archiveDate(folder, signal)));
  if (signal.aborted) throw interrupted(signal);
  let newest: { at: number; name: string } | undefined;
  for (const [at, result] of dates.entries()) {
    const name = withoutLogin(folders[at] as URL);
    if (result.status === 'rejected')
      emit({
        type: 'notice',
        level: 'warning',
        message: `${name} does not report whether it has new packages: ${(result.reason as Error).message}`,
        hint: 'The decision uses the age of the build and the other archives; dgxos-maas nightly --force builds it again.',
      });
    else if (result.value > (newest?.at ?? 0)) newest = { at: result.value, name };
  }
  return newest;
}

function withoutLogin(folder: URL): string {
  const url = new URL(folder);
  url.username = '';
  url.password = '';
  return url.href;
}

const shown = (at: number) => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function spanOf(seconds: number): string {
  const [count, unit] =
    seconds >= DAY_S
      ? [Math.round(seconds / DAY_S), 'day']
      : seconds >= 3600
        ? [Math.round(seconds / 3600), 'hour']
        : [Math.round(seconds / 60), 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
