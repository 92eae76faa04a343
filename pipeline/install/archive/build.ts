import { readFile, rm, writeFile } from 'node:fs/promises';
import { makeFolders } from '../../host/files/folders.ts';
import type { RootOutput } from '../../image/artifact.ts';
import type { TakenPackage } from '../../image/origin.ts';
import { buildFiles } from '../../workspace/layout.ts';
import { type NamespaceRunRequest, runInNamespaces } from '../namespace/run.ts';
import { type LockedPackage, lockText } from './lock.ts';
import { type Mirrors, mirrorScript } from './mirrors.ts';
import { parsePackages } from './packages.ts';

export interface ArchiveBuildRequest extends Omit<NamespaceRunRequest, 'env'> {
  /** Absolute paths of the root and of the repository files. */
  root: string;
  repository: string;
  mirrors: Mirrors;
  /** Folder of packages by their sha256, shared by builds. */
  debs: string;
  /** The packages to install again; null: those that the archives have now. */
  lock: readonly LockedPackage[] | null;
}

/**
 * Installs from archives in namespaces of its own. On failure only the logs are left in `dir`.
 * @throws Fault BUILD_INSTALL_FAILED, BUILD_TIMEOUT, BUILD_NO_ARTIFACT, DISK_FULL, TOOL_MISSING
 */
export async function installFromArchives({
  root,
  repository,
  mirrors,
  debs,
  lock,
  ...request
}: ArchiveBuildRequest): Promise<{ root: RootOutput; packages: TakenPackage[] }> {
  const files = buildFiles(request.dir);
  await makeFolders(debs);
  await writeFile(files.mirrors, mirrorScript(mirrors), { mode: 0o600 });
  if (lock) await writeFile(files.lock, lockText(lock));
  try {
    const made = await runInNamespaces({
      ...request,
      env: {
        ...{ ROOT: root, REPOSITORY: repository, MIRRORS: files.mirrors, DEBS: debs },
        ...(lock && { LOCK: files.lock }),
      },
    });
    return { root: made, packages: parsePackages(await readFile(files.packages, 'utf8'), mirrors) };
  } finally {
    await rm(files.mirrors, { force: true });
  }
}
