import { basename } from 'node:path';
import { type BareFileOptions, describeFile, expectFile } from '../maas/images/bare-file.ts';
import { chooseTargets, type TargetOptions } from '../maas/images/choose-targets.ts';
import { uploadSummary } from '../maas/images/summary.ts';
import { uploadToTargets } from '../maas/images/to-targets.ts';
import { checkUploadPermission } from '../maas/images/upload-permission.ts';
import type { Session } from './session.ts';

/** Checks a file that is in no configuration, unless that is not wanted, and sends it. */
export async function uploadFile(
  session: Session,
  path: string,
  options: BareFileOptions & TargetOptions,
): Promise<void> {
  // File, name and key first: their faults should not cost the reading of the file.
  await expectFile(path, options);
  const targets = await chooseTargets(options, session);
  await checkUploadPermission(targets, session);
  const waivers = async () =>
    (await import('../image/checks/site-waivers.ts')).siteWaivers(undefined, session);
  const file = await describeFile(path, options, { emit: session.emit, signal: session.signal, waivers });
  const { emit, signal, env } = session;
  const results = await uploadToTargets(targets, { ...file, image: basename(path), emit, signal, env });
  session.data({ ok: true, uploads: results }, () => uploadSummary(results, session.paint));
}
