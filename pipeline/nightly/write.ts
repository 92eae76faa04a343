import { access, copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { fromSystemError } from '../core/faults/fault.ts';
import { makeFolders } from '../host/files/folders.ts';
import { sidecarNames } from '../image/attest/names.ts';
import { folderReports } from '../report/formats/write.ts';
import { judgementOf } from '../report/page/material.ts';
import { reportFile } from '../workspace/layout.ts';
import type { StageVerdict } from './output/junit.ts';
import { NIGHT, type NightReport } from './output/writers.ts';
import type { Night } from './types.ts';

/**
 * Writes the summary into each of the folders: summary.json, .md and .html, junit.xml, nightly.env, and for each image
 * a folder with its report and its SBOM.
 * @param imageDirs the images' folders in the workspace, by name
 * @param artifactsUrl where GitLab will show the folders' files, if it is GitLab that runs this; then annotations.json, too
 * @throws Fault DISK_FULL, NO_PERMISSION, TEMPLATE_FAILED
 */
export async function writeNight(
  night: Night,
  imageDirs: ReadonlyMap<string, string>,
  folders: readonly string[],
  artifactsUrl?: string,
): Promise<NightReport> {
  const verdicts = new Map<string, StageVerdict[]>();
  const copies: { from: string; name: string }[] = [];
  const pages = new Map<string, string>();
  for (const { image, artifact } of night.images) {
    const imageDir = imageDirs.get(image);
    if (!imageDir) continue;
    const judgement = artifact && (await judgementOf(imageDir).catch(() => null));
    if (judgement)
      verdicts.set(image, [
        ...(judgement.verdict ? [{ stage: 'validate', verdict: judgement.verdict }] : []),
        ...judgement.acceptances.map(({ target, verdict }) => ({ stage: `accept ${target}`, verdict })),
      ]);
    const page = reportFile(imageDir);
    if (await exists(page)) {
      const name = `${image}/report.html`;
      pages.set(image, name);
      copies.push({ from: page, name });
    }
    const packed = judgement?.artifact?.data.artifact.path;
    const sbom = packed && sidecarNames(packed).sbom;
    if (sbom && (await exists(sbom))) copies.push({ from: sbom, name: `${image}/sbom.cdx.json` });
  }
  const report: NightReport = { night, verdicts, pages, artifactsUrl };
  const files = await folderReports('nightly', report, NIGHT);
  for (const folder of folders) {
    try {
      await makeFolders(folder);
      for (const { from, name } of copies) {
        await makeFolders(dirname(join(folder, name)));
        await copyFile(from, join(folder, name));
      }
      for (const [name, text] of files) await writeFileAtomic(join(folder, name), text);
    } catch (error) {
      throw fromSystemError(error, `writing the summary into ${folder}`);
    }
  }
  return report;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
