import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RESULT } from './result-file.ts';
import type { Acceptance } from './types.ts';

/** The acceptances of one content that lie in an image's folder of the workspace, by target; damaged ones are left out. */
export async function readAcceptances(imageDir: string, sha256: string | undefined): Promise<Acceptance[]> {
  const dir = join(imageDir, 'accept');
  const targets = (await readdir(dir).catch(() => [] as string[])).sort();
  const found = await Promise.all(targets.map((target) => readOne(join(dir, target, RESULT))));
  return found.filter((one): one is Acceptance => one?.sha256 === sha256);
}

async function readOne(file: string): Promise<Acceptance | undefined> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as Acceptance;
    return value.format === 1 && Array.isArray(value.verdict.findings) ? value : undefined;
  } catch {
    return undefined;
  }
}
