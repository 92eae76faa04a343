import { $ } from '../../host/process/tool.ts';
import { namespaceTools } from '../namespace/tools.ts';

/** The versions of the tools that decide what an installation from archives does, for its fingerprint and the manifest. */
export async function archiveTools(signal?: AbortSignal): Promise<Record<string, string>> {
  const ask = $({ reason: 'install from archives', signal, nothrow: true });
  const [tools, tar] = await Promise.all([namespaceTools(signal), ask`tar --version`]);
  return {
    'util-linux': tools['util-linux'] ?? 'unknown',
    tar: /\) (\S+)/.exec(tar.stdout)?.[1] ?? 'unknown',
  };
}
