import { versionOutput } from '../../host/process/version-output.ts';

/** The versions of the tools that decide what an installation from archives does, for its fingerprint and the manifest. */
export async function archiveTools(signal?: AbortSignal): Promise<Record<string, string>> {
  const needed = { reason: 'install from archives', signal };
  const [unshare, tar] = await Promise.all([
    versionOutput(['unshare', '--version'], needed),
    versionOutput(['tar', '--version'], needed),
  ]);
  return {
    'util-linux': /util-linux (\S+)/.exec(unshare.stdout)?.[1] ?? 'unknown',
    tar: /\) (\S+)/.exec(tar.stdout)?.[1] ?? 'unknown',
  };
}
