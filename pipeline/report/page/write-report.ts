import { basename } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { fromSystemError } from '../../core/faults/fault.ts';
import { packageVersion } from '../../host/process/package-root.ts';
import { reportFile } from '../../workspace/layout.ts';
import { type LastRun, writeLastRun } from './last-run.ts';
import { gather } from './material.ts';
import { renderPage } from './page.ts';
import { pageModel } from './page-model.ts';
import { type Previous, previousRelease } from './previous.ts';

export interface ReportOptions {
  env: NodeJS.ProcessEnv;
  /** The run that just ended; kept for later reports. Without it the last one that was kept. */
  run?: LastRun;
  /** The image to compare with instead of the last release of the ledger. */
  since?: Previous;
}

/**
 * The report on what lies in an image's folder of the workspace, as one HTML file.
 * @throws Fault IMAGE_NOT_BUILT when nothing has run there, TEMPLATE_FAILED
 */
export async function reportPage(imageDir: string, { env, run, since }: ReportOptions): Promise<string> {
  const material = await gather(imageDir, run);
  const previous =
    since ??
    (await previousRelease({
      env,
      image: material.manifest?.image ?? basename(imageDir),
      sha256: material.records.pack?.data.artifact.sha256,
    }));
  return renderPage(pageModel(material, { previous, now: new Date(), version: packageVersion() }));
}

/**
 * Writes `report.html` into an image's folder; called at the end of every run, good or bad.
 * @returns the file's path
 * @throws Fault as `reportPage`, DISK_FULL, NO_PERMISSION
 */
export async function writeReport(imageDir: string, options: ReportOptions): Promise<string> {
  const file = reportFile(imageDir);
  const html = await reportPage(imageDir, options);
  try {
    if (options.run) await writeLastRun(imageDir, options.run);
    await writeFileAtomic(file, html);
  } catch (error) {
    throw fromSystemError(error, `writing ${file}`);
  }
  return file;
}
