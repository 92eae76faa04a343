import { $ } from '../../host/process/tool.ts';

/** The versions of the tools that decide what an installation in namespaces does, for its fingerprint and the manifest. */
export async function namespaceTools(signal?: AbortSignal): Promise<Record<string, string>> {
  const ask = $({ reason: 'install without a VM', signal, nothrow: true });
  const [unshare, unsquashfs] = await Promise.all([ask`unshare --version`, ask`unsquashfs -version`]);
  return {
    'util-linux': unshare.stdout.match(/util-linux (\S+)/)?.[1] ?? 'unknown',
    squashfs: unsquashfs.stdout.match(/version (\S+)/)?.[1] ?? 'unknown',
  };
}
