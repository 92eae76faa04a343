import { runSummary } from '../report/text/run-summary.ts';
import { preflight } from '../stages/preflight.ts';
import { planStages } from '../stages/run/dry-run.ts';
import { notReady } from '../stages/run/runner.ts';
import type { UploadConfiguredImage } from './commands/upload.ts';
import { requestFor, runAndReport, withLock } from './run-image.ts';

/**
 * Sends the finished artifact of an image, from here or from the store. It builds nothing: an image that is not built, or no longer as
 * its configuration says, is a fault.
 */
export const uploadImage: UploadConfiguredImage = async (session, name, { to }) => {
  const request = await requestFor(session, name, {
    force: 'upload',
    readyUntil: 'pack',
    reason: 'requested by `dgxos-maas upload`',
  });
  if (to) request.image.upload = to;
  await preflight(request);
  await withLock(session, request.config, true, `upload ${name}`, async () => {
    const stale = (await planStages(request)).find((stage) => stage.runs && stage.stage !== 'upload');
    // With a store another host may have built it: this one looks at its medium, and compares it with what it has uploaded itself.
    const own = request.stages.filter(({ id, stored }) => !stored || id === 'validate');
    if (stale && !(request.shared && own.some(({ id }) => id === stale.stage)))
      throw notReady(name, stale.stage, stale.reason);
    const outcome = await runAndReport(request);
    session.data({ ok: true, image: name, seconds: outcome.seconds, ...outcome.data }, () =>
      runSummary(name, outcome, session.paint),
    );
  });
};
