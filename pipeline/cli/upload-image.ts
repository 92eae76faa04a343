import { Fault } from '../core/faults/fault.ts';
import { runSummary } from '../report/text/run-summary.ts';
import { preflight } from '../stages/preflight.ts';
import { planStages } from '../stages/run/dry-run.ts';
import type { UploadConfiguredImage } from './commands/upload.ts';
import { requestFor, runAndReport, withLock } from './run-image.ts';

/**
 * Sends the finished artifact of an image. It builds nothing: an image that is not built, or no longer as its
 * configuration says, is a fault.
 */
export const uploadImage: UploadConfiguredImage = async (session, name, { to }) => {
  const requested = await requestFor(session, name, {
    force: 'upload',
    reason: 'requested by `dgxos-maas upload`',
  });
  // Only what is here: an entry of the store that turns out to be bad would have to be built.
  const request = { ...requested, shared: undefined };
  if (to) request.image.upload = to;
  await preflight(request);
  await withLock(session, request.config, true, `upload ${name}`, async () => {
    const stale = (await planStages(request)).find((stage) => stage.runs && stage.stage !== 'upload');
    if (stale)
      throw new Fault(
        'IMAGE_NOT_BUILT',
        `Image ${name} is not ready for upload: ${stale.stage}: ${stale.reason}`,
        {
          hint: `Run dgxos-maas build ${name}, or dgxos-maas run ${name}, which also uploads it.`,
        },
      );
    const outcome = await runAndReport(request);
    session.data({ ok: true, image: name, seconds: outcome.seconds, ...outcome.data }, () =>
      runSummary(name, outcome, session.paint),
    );
  });
};
