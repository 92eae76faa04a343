import { Fault } from '../../core/faults/fault.ts';
import { $ } from '../../host/process/tool.ts';

/** The commit of a packer-maas checkout; null where there is no git, or the folder is not a checkout of its own. */
export async function packerMaasCommit(dir: string, signal: AbortSignal): Promise<string | null> {
  try {
    // A folder that is not checked out would answer with the commit of the repository around it.
    const { exitCode, stdout } = await $({
      signal,
      nothrow: true,
    })`git -C ${dir} rev-parse --show-prefix HEAD`;
    const [prefix, commit] = stdout.split('\n');
    return exitCode === 0 && prefix === '' && /^[0-9a-f]{40,64}$/.test(commit ?? '') ? commit! : null;
  } catch (error) {
    if (error instanceof Fault && error.code === 'TOOL_MISSING') return null;
    throw error;
  }
}
