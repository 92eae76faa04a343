import { $ } from '../../host/process/tool.ts';

/** The versions of the tools that decide what an installation from archives does, for its fingerprint and the manifest. */
export async function archiveTools(signal?: AbortSignal): Promise<Record<string, string>> {
  const ask = $({ reason: 'install from archives', signal, nothrow: true });
  const [unshare, tar] = await Promise.all([ask`unshare --version`, ask`tar --version`]);
  return {
    'util-linux': /util-linux (\S+)/.exec(unshare.stdout)?.[1] ?? 'unknown',
    tar: /\) (\S+)/.exec(tar.stdout)?.[1] ?? 'unknown',
  };
}
