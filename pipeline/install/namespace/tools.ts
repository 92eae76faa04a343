import { versionOutput } from '../../host/process/version-output.ts';

/** The versions of the tools that decide what an installation in namespaces does, for its fingerprint and the manifest. */
export async function namespaceTools(signal?: AbortSignal): Promise<Record<string, string>> {
  const needed = { reason: 'install without a VM', signal };
  const [unshare, unsquashfs] = await Promise.all([
    versionOutput(['unshare', '--version'], needed),
    versionOutput(['unsquashfs', '-version'], needed),
  ]);
  return {
    'util-linux': unshare.stdout.match(/util-linux (\S+)/)?.[1] ?? 'unknown',
    squashfs: unsquashfs.stdout.match(/version (\S+)/)?.[1] ?? 'unknown',
  };
}
