import { readdir } from 'node:fs/promises';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { acceptanceFile, acceptFolder, stageFolder } from '../../workspace/layout.ts';
import { ACCEPTANCE, type Acceptance } from './types.ts';

/** The acceptances of one artifact in an image's folder of the workspace, by target; damaged ones are left out. */
export async function readAcceptances(imageDir: string, sha256: string | undefined): Promise<Acceptance[]> {
  const dir = stageFolder(imageDir, 'accept');
  const targets = (await readdir(dir).catch(() => [] as string[])).sort();
  const found = await Promise.all(
    targets.map((target) => readJsonOrMiss(acceptanceFile(acceptFolder(dir, target)), ACCEPTANCE)),
  );
  return found.filter((one, i): one is Acceptance => one?.sha256 === sha256 && one?.target === targets[i]);
}
